//! Destinations that people name.

use std::collections::BTreeSet;

use super::aim::Target;
use crate::model::spelling::nearest;
use crate::simulate::{Expectation, ExpectedDestination};
use crate::world::World;

impl Target {
    /// Reads a destination: `HOST[:PORT][/SUBSET]`, a workload as `NAMESPACE/NAME`, a status or an outcome.
    ///
    /// # Errors
    ///
    /// If it is not one, or if none of the meshes has it.
    pub fn parse(text: &str, worlds: &[&World<'_>]) -> Result<Self, String> {
        let text = text.trim();
        let is_workload =
            |world: &&World<'_>| text.contains('/') && world.workloads.iter().any(|it| it.name.to_string() == text);
        if worlds.iter().any(is_workload) {
            return Ok(Self::Workload(text.to_owned()));
        }
        match Expectation::parse(text)? {
            Expectation::Reached => Err("a destination is missing: write `HOST`, a workload or a status".to_owned()),
            Expectation::Destination(destination) => {
                check(&destination, worlds)?;
                Ok(Self::End(Expectation::Destination(destination)))
            }
            end => Ok(Self::End(end)),
        }
    }
}

/// Whether some mesh has a destination. The error names the nearest one.
fn check(wanted: &ExpectedDestination, worlds: &[&World<'_>]) -> Result<(), String> {
    let hosts: BTreeSet<String> = worlds.iter().flat_map(|world| hosts(world)).collect();
    let ExpectedDestination { host, port, subset } = wanted;
    if !hosts.iter().any(|known| wanted.is_host(known)) {
        // A host is also known by the start of its name.
        let short = hosts.iter().flat_map(|known| {
            let ends = known.match_indices('.').map(|(at, _)| &known[..at]).take(2);
            ends.filter(|_| known.contains(".svc.")).chain([known.as_str()])
        });
        let workloads: Vec<String> =
            worlds.iter().flat_map(|world| world.workloads.iter().map(|it| it.name.to_string())).collect();
        let written = match subset {
            Some(subset) => format!("{host}/{subset}"),
            None => host.clone(),
        };
        let is_about_workload =
            subset.is_some().then(|| nearest(&written, workloads.iter().map(String::as_str))).flatten();
        let close = is_about_workload.or_else(|| nearest(host, short));
        let close = close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
        return Err(format!("destination `{written}` does not exist{close}"));
    }
    if let Some(port) = port {
        let services = worlds.iter().flat_map(|world| world.services.iter());
        let ports: BTreeSet<u32> = services
            .filter(|service| wanted.is_host(&service.hostname))
            .flat_map(|service| service.ports.iter().map(|port| port.number))
            .collect();
        if !ports.is_empty() && !ports.contains(port) {
            let known: Vec<String> = ports.iter().map(u32::to_string).collect();
            return Err(format!("`{host}` has no port {port}; it has {}", known.join(", ")));
        }
    }
    if let Some(subset) = subset {
        let known: BTreeSet<String> = worlds.iter().flat_map(|world| subsets(world, wanted)).collect();
        if !known.contains(subset) {
            let close = nearest(subset, known.iter().map(String::as_str));
            let close = close.map(|close| format!("; did you mean `{host}/{close}`?")).unwrap_or_default();
            return Err(format!("`{host}` has no subset `{subset}`{close}"));
        }
    }
    Ok(())
}

/// The hosts of services, and those that routes name.
fn hosts(world: &World<'_>) -> BTreeSet<String> {
    let mut hosts: BTreeSet<String> = world.services.iter().map(|service| service.hostname.clone()).collect();
    for virtual_service in world.all_virtual_services() {
        let named = virtual_service.destinations();
        hosts.extend(named.iter().map(|it| virtual_service.full_host(it.host, &world.settings).into_owned()));
    }
    hosts
}

/// The subsets of a host that DestinationRules define or routes name.
fn subsets(world: &World<'_>, wanted: &ExpectedDestination) -> BTreeSet<String> {
    let rules = world.destination_rules.iter().filter(|rule| wanted.is_host(&rule.host.value));
    let defined = rules.flat_map(|rule| &rule.spec.subsets).filter_map(|subset| subset.name.as_ref());
    let mut found: BTreeSet<String> = defined.map(|name| name.value.clone()).collect();
    for virtual_service in world.all_virtual_services() {
        for it in virtual_service.destinations() {
            if wanted.is_host(&virtual_service.full_host(it.host, &world.settings)) {
                found.extend(it.destination.subset.iter().map(|subset| subset.value.clone()));
            }
        }
    }
    found
}
