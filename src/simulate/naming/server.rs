//! The server that a request names.

use super::workloads::{self, is_namespace, labelled, missing, named, pairs, several};
use super::written::WrittenName;
use super::{described, listing};
use crate::model::spelling::nearest;
use crate::model::{describe_labels, label_set};
use crate::simulate::request::{Request, WorkloadRef};
use crate::uri::split_port;
use crate::world::{Workload, World};

/// Describes the server by its labels, if the request names it.
pub(super) fn resolve(world: &World<'_>, request: &mut Request, notes: &mut Vec<String>) -> Result<(), String> {
    let Some(to) = &request.to else { return Ok(()) };
    if to.name.is_some() || request.is_informal {
        request.to = Some(server(world, to, request.is_informal, notes)?);
    }
    if request.is_informal {
        choose_port(world, request);
    }
    Ok(())
}

/// Translates the port of the URL, which is that of a Service, to the port of the workload.
fn choose_port(world: &World<'_>, request: &mut Request) {
    let (Some(to), Some(host), None) = (&request.to, &request.host, request.port) else { return };
    let Some(written) = split_port(host).1.and_then(|port| port.parse().ok()) else { return };
    let labels = label_set(&to.labels);
    let namespace = to.namespace.as_deref().unwrap_or(&world.settings.default_namespace);
    let target = world.workload_with(namespace, &labels).and_then(|workload| {
        let ports = world.services.before(workload).into_iter().filter_map(|service| service.port(written));
        ports.filter_map(|port| workload.port_behind(port)).next()
    });
    request.port = Some(target.unwrap_or(written));
}

fn server(
    world: &World<'_>,
    to: &WorkloadRef,
    is_informal: bool,
    notes: &mut Vec<String>,
) -> Result<WorkloadRef, String> {
    let mut wanted = WorkloadRef { name: None, ..to.clone() };
    if let Some(text) = &to.name {
        let written = WrittenName::parse(text)?;
        let namespace = written.namespace.or(to.namespace.as_deref());
        let may_be_namespace = is_informal && written.is_word();
        let is_namespace = || is_namespace(world, written.name);
        let found = named(world, &written, namespace);
        match found.as_slice() {
            _ if may_be_namespace && to.namespace.is_none() && is_namespace() => wanted.namespace = Some(text.clone()),
            [only] => return Ok(described(only, &wanted)),
            [] if may_be_namespace && is_namespace() => wanted.namespace = Some(text.clone()),
            // The labels describe a workload that the manifests do not have.
            [] if may_be_namespace && !wanted.labels.is_empty() && to.namespace.is_none() => {
                wanted.namespace = Some(text.clone());
            }
            [] => {
                let gap = namespace.and_then(|namespace| world.inventory.workloads(namespace).err());
                let gap = gap.filter(|_| namespace.is_some_and(|near| workloads::is_namespace(world, near)));
                let gap = gap.filter(|_| !world.workloads.is_empty());
                let by_labels = gap.map(|gap| format!("; {gap}, so describe the workload by its labels"));
                return Err(format!("{}{}", missing(world, &written, namespace), by_labels.unwrap_or_default()));
            }
            found => return Err(several(&format!("`{text}` can be several workloads"), found)),
        }
    }
    let namespace = wanted.namespace.as_deref();
    if wanted.labels.is_empty() {
        return only_one(world, &wanted);
    }
    let found = labelled(world, &wanted.labels, namespace);
    let labels = describe_labels(&wanted.labels);
    let Some(first) = found.first() else {
        // Of a mesh without workloads nothing is known, so the server is in the default namespace.
        if namespace.is_some() || world.workloads.is_empty() {
            return Ok(wanted);
        }
        return Err(without_labels(world, &labels, None));
    };
    if found.iter().any(|other| other.name.namespace != first.name.namespace) {
        return Err(several(&format!("several workloads have `{labels}`"), &found));
    }
    if found.len() > 1 {
        let all = listing::shown(&workloads::names(found.iter().copied()));
        notes.push(format!("several workloads have `{labels}`: {all}; this is the answer of `{}`", first.name));
    }
    Ok(described(first, &wanted))
}

/// The only workload of a namespace.
fn only_one(world: &World<'_>, wanted: &WorkloadRef) -> Result<WorkloadRef, String> {
    let default = &world.settings.default_namespace;
    let namespace = wanted.namespace.as_deref().unwrap_or(default);
    let all: Vec<&Workload<'_>> = world.workloads_in(namespace).collect();
    match all.as_slice() {
        [only] => Ok(described(only, wanted)),
        [] => {
            let elsewhere = workloads::names(&world.workloads);
            let rest = if elsewhere.is_empty() {
                String::new()
            } else {
                format!("; they have {}", listing::shown(&elsewhere))
            };
            Err(format!("the manifests have no workload in namespace `{namespace}`{rest}"))
        }
        found => Err(several(&format!("namespace `{namespace}` has several workloads"), found)),
    }
}

/// The remark about a server that no workload of the manifests has the labels of.
///
/// # Errors
///
/// If the manifests have all workloads of the namespace, so that the server does not exist.
pub(in crate::simulate) fn unknown(world: &World<'_>, request: &Request) -> Result<Option<String>, String> {
    let Some(to) = request.to.as_ref().filter(|to| to.name.is_none()) else { return Ok(None) };
    let namespace = to.namespace.as_deref().unwrap_or(&world.settings.default_namespace);
    let labels = label_set(&to.labels);
    if labels.is_empty() || world.workload_with(namespace, &labels).is_some() {
        return Ok(None);
    }
    let described = describe_labels(&to.labels);
    match world.inventory.workloads_with(namespace, &labels) {
        Ok(()) => Err(without_labels(world, &described, Some(namespace))),
        Err(gap) => Ok(Some(format!(
            "no workload of the manifests in namespace `{namespace}` has `{described}`, so only these labels are known: {gap}"
        ))),
    }
}

/// The error that no workload has some labels.
fn without_labels(world: &World<'_>, labels: &str, namespace: Option<&str>) -> String {
    let place = namespace.map(|namespace| format!(" in namespace `{namespace}`")).unwrap_or_default();
    let near = world.workloads.iter().filter(|it| namespace.is_none_or(|near| it.name.namespace == near));
    let known = workloads::names(near);
    let close = nearest(labels, pairs(world, namespace).iter().map(String::as_str))
        .map(|close| format!("; did you mean `{close}`?"))
        .unwrap_or_default();
    let have = match (known.is_empty(), close.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("; the manifests have {}", listing::shown(&known)),
        (false, false) => format!(" The manifests have {}", listing::shown(&known)),
    };
    format!("no workload{place} has `{labels}`{close}{have}")
}
