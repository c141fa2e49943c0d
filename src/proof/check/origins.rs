//! The origins that an invariant means.

use std::collections::BTreeSet;

use super::invariant::Clients;
use crate::model::{describe_labels, wording};
use crate::proof::search::{Origin, Origins};
use crate::proof::vantage::Vantage;
use crate::simulate::{GatewayRef, Request, Simulator, WorkloadRef};
use crate::world::World;

/// The namespaces of a mesh.
pub fn namespaces(world: &World<'_>) -> BTreeSet<String> {
    let named = world.namespaces.names().map(str::to_owned);
    let of_workloads = world.workloads.iter().map(|it| it.name.namespace.to_string());
    let of_services = world.services.iter().map(|it| it.namespace.clone());
    let of_routes = world.all_virtual_services().map(|it| it.name.namespace.to_string());
    let of_policies = world.policies.authorization_policies().iter().map(|it| it.name.namespace.to_string());
    named.chain(of_workloads).chain(of_services).chain(of_routes).chain(of_policies).collect()
}

/// The origins that an invariant means. The error says why there are none.
pub fn of(simulator: &Simulator<'_>, from: &Clients) -> Result<Origins, String> {
    if let Some((name, _)) = &from.workload {
        let client = WorkloadRef { name: Some(name.clone()), ..WorkloadRef::default() };
        return Origins::named(simulator, &Request { from: Some(client), ..Request::default() });
    }
    let mut origins = Origins::of(simulator);
    if !from.gateways.is_empty() {
        return of_gateways(simulator, from, origins);
    }
    let is_listed = |list: &[(String, _)], namespace: &str| list.iter().any(|(listed, _)| listed == namespace);
    origins.all.retain_mut(|origin| {
        let namespace = namespace(simulator, &origin.vantage);
        if is_listed(&from.outside, &namespace) {
            return false;
        }
        if from.namespaces.is_empty() && from.labels.is_empty() {
            return true;
        }
        let is_meant = from.namespaces.is_empty() || is_listed(&from.namespaces, &namespace);
        is_meant && !origin.vantage.is_gateway() && take_labels(origin, from, simulator.world())
    });
    match origins.all.is_empty() {
        true => Err(format!("the mesh has no client that is meant: {}", words(from))),
        false => Ok(origins),
    }
}

/// Gives a client the labels that are meant. `false` if it has others.
fn take_labels(origin: &mut Origin, from: &Clients, world: &World<'_>) -> bool {
    let Vantage::Sidecar { namespace, labels } = &origin.vantage else { return false };
    if from.labels.iter().any(|(key, value)| labels.get(key).is_some_and(|own| own != value)) {
        return false;
    }
    if !from.labels.is_empty() {
        let labels = labels.clone().into_iter().chain(from.labels.clone()).collect();
        *origin = Origin::new(Vantage::Sidecar { namespace: namespace.clone(), labels }, world);
    }
    true
}

fn of_gateways(simulator: &Simulator<'_>, from: &Clients, all: Origins) -> Result<Origins, String> {
    let mut found = Origins::default();
    let mut error = None;
    for (name, _) in &from.gateways {
        if name == "mesh" {
            found.all.extend(all.all.iter().filter(|origin| !origin.vantage.is_gateway()).cloned());
            found.incomplete.extend(all.incomplete.iter().cloned());
            continue;
        }
        let gateway = Some(GatewayRef::Name(name.clone()));
        match Origins::named(simulator, &Request { gateway, ..Request::default() }) {
            Ok(named) => found.all.extend(named.all),
            Err(reason) => error = Some(reason),
        }
    }
    match (found.all.is_empty(), error) {
        (true, Some(error)) => Err(error),
        (true, None) => Err("the mesh has no such gateway".to_owned()),
        (false, _) => Ok(found),
    }
}

/// The namespace of a client, or of the workload of a gateway.
fn namespace(simulator: &Simulator<'_>, vantage: &Vantage) -> String {
    match vantage {
        Vantage::Sidecar { namespace, .. } => namespace.clone(),
        Vantage::Gateway { names, workload } => {
            let named = || names.iter().find_map(|name| simulator.gateway_workload(name));
            workload.clone().or_else(named).and_then(|it| it.namespace).unwrap_or_default()
        }
    }
}

/// The clients in words.
fn words(from: &Clients) -> String {
    let names = |list: &[(String, _)], conjunction| wording::list(list.iter().map(|(name, _)| name), conjunction);
    let mut words = Vec::new();
    if !from.namespaces.is_empty() {
        words.push(format!("in namespace {}", names(&from.namespaces, "or")));
    }
    if !from.outside.is_empty() {
        words.push(format!("outside {}", names(&from.outside, "and")));
    }
    if !from.labels.is_empty() {
        words.push(format!("with {}", describe_labels(&from.labels)));
    }
    words.join(" ")
}
