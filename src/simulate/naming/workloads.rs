//! The workloads that a name or labels mean.

use std::collections::{BTreeMap, BTreeSet};

use super::listing;
use super::written::WrittenName;
use crate::world::{NamespacedName, Service, Workload, World};

/// The workloads with a name, in a namespace or in all: those of that name, else the one that makes the pod of that name,
/// else those behind the Service of that name.
pub(super) fn named<'w, 'a>(
    world: &'w World<'a>,
    written: &WrittenName<'_>,
    namespace: Option<&str>,
) -> Vec<&'w Workload<'a>> {
    let is_near = |workload: &&Workload<'_>| namespace.is_none_or(|it| workload.name.namespace == it);
    let near = || world.workloads.iter().filter(is_near);
    let is_meant = |workload: &&Workload<'_>| {
        written.kind.is_none_or(|kind| workload.resource.kind.name().eq_ignore_ascii_case(kind))
    };
    let with_name = |name: &str| -> Vec<&'w Workload<'a>> {
        near().filter(is_meant).filter(|workload| workload.name.name == name).collect()
    };
    let with_pod = || -> Vec<&'w Workload<'a>> {
        let makes_pods = |workload: &&Workload<'_>| written.kind != Some("pod") || workload.pod.is_some();
        let makers = makers_of_pod(written.name);
        let is_maker = |workload: &&Workload<'_>| makers.contains(&workload.name.name.as_ref());
        near().filter(|_| matches!(written.kind, None | Some("pod"))).filter(makes_pods).filter(is_maker).collect()
    };
    let mut found = with_name(written.name);
    if found.is_empty() {
        found = with_pod();
    }
    if found.is_empty() && matches!(written.kind, None | Some("service")) {
        found = services(world, written.name, namespace)
            .into_iter()
            .flat_map(|service| world.workloads_of_service(service).unwrap_or_default())
            .collect();
    }
    found
}

/// The Services with a name, in a namespace or in all.
pub(super) fn services<'w, 'a>(world: &'w World<'a>, name: &str, namespace: Option<&str>) -> Vec<&'w Service<'a>> {
    let is_meant = |service: &&Service<'_>| {
        service.is_kubernetes()
            && service.resource.name() == name
            && namespace.is_none_or(|namespace| service.namespace == namespace)
    };
    world.services.iter().filter(is_meant).collect()
}

/// The names that the maker of a pod can have: a Deployment adds the hash of its template and 5 letters, other makers
/// only the letters, and a StatefulSet a number.
fn makers_of_pod(pod: &str) -> Vec<&str> {
    let is_ordinal = |end: &str| end.bytes().all(|byte| byte.is_ascii_digit());
    let is_random = |end: &str| end.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let Some((rest, end)) = pod.rsplit_once('-').filter(|(_, end)| !end.is_empty()) else { return Vec::new() };
    if end.len() != 5 || !is_random(end) {
        return if is_ordinal(end) { vec![rest] } else { Vec::new() };
    }
    let of_template = rest.rsplit_once('-').filter(|(_, hash)| (6..=10).contains(&hash.len()) && is_random(hash));
    of_template.map(|(name, _)| name).into_iter().chain([rest]).collect()
}

/// The workloads that have all labels, in a namespace or in all. If one has no other labels, it is meant.
pub(super) fn labelled<'w, 'a>(
    world: &'w World<'a>,
    labels: &BTreeMap<String, String>,
    namespace: Option<&str>,
) -> Vec<&'w Workload<'a>> {
    let has_labels = |workload: &&Workload<'_>| {
        namespace.is_none_or(|namespace| workload.name.namespace == namespace)
            && labels.iter().all(|(key, value)| workload.labels.get(key.as_str()) == Some(&value.as_str()))
    };
    let found: Vec<_> = world.workloads.iter().filter(has_labels).collect();
    let mut exact = found.iter().copied().filter(|workload| workload.labels.len() == labels.len());
    match (exact.next(), exact.next()) {
        (Some(only), None) => vec![only],
        _ => found,
    }
}

/// Whether the manifests have something in a namespace, or the Namespace.
pub(super) fn is_namespace(world: &World<'_>, name: &str) -> bool {
    namespaces(world).contains(name)
}

/// The namespaces of the manifests.
pub(super) fn namespaces<'w>(world: &'w World<'_>) -> BTreeSet<&'w str> {
    // Resources that name no namespace are in the default one.
    let of_workloads = world.workloads.iter().map(|workload| workload.name.namespace.as_ref());
    let of_services = world.services.iter().map(|service| service.namespace.as_str());
    let of_routes = world.virtual_services.iter().map(|it| it.name.namespace.as_ref());
    world.namespaces.names().chain(of_workloads).chain(of_services).chain(of_routes).collect()
}

/// The names of workloads, as `namespace/name`.
pub(super) fn names<'w, 'a: 'w>(workloads: impl IntoIterator<Item = &'w Workload<'a>>) -> BTreeSet<String> {
    workloads.into_iter().map(|workload| workload.name.to_string()).collect()
}

/// The error that a workload does not exist. It lists the workloads of the namespace, or of all if that has none.
pub(super) fn missing(world: &World<'_>, written: &WrittenName<'_>, namespace: Option<&str>) -> String {
    let wanted = match namespace {
        Some(namespace) => NamespacedName::new(namespace, written.name).to_string(),
        None => written.name.to_owned(),
    };
    let near = names(world.workloads.iter().filter(|it| namespace.is_none_or(|near| it.name.namespace == near)));
    let known = names(&world.workloads);
    let near = if near.is_empty() { known.clone() } else { near };
    let what = if written.kind == Some("service") { "Service" } else { "workload" };
    match known.is_empty() {
        true => {
            format!("the manifests do not have {what} `{wanted}`, nor any other workload: describe it by its labels")
        }
        false => listing::missing_near(&format!("{what} `{wanted}`"), &wanted, &near, &known),
    }
}

/// The error that several workloads are meant.
pub(super) fn several(what: &str, workloads: &[&Workload<'_>]) -> String {
    let mut listed = names(workloads.iter().copied());
    if listed.len() < workloads.len() {
        let with_kind = |it: &&Workload<'_>| {
            format!("{}/{}/{}", it.name.namespace, it.resource.kind.name().to_ascii_lowercase(), it.name.name)
        };
        listed = workloads.iter().map(with_kind).collect();
    }
    format!("{what}: {}; name one of them", listing::shown(&listed))
}

/// The pairs of labels that the workloads of a namespace have, or of all namespaces.
pub(super) fn pairs(world: &World<'_>, namespace: Option<&str>) -> BTreeSet<String> {
    let near = world.workloads.iter().filter(|it| namespace.is_none_or(|near| it.name.namespace == near));
    near.flat_map(|workload| workload.labels.iter().map(|(key, value)| format!("{key}={value}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_pod_leads_to_its_maker() {
        assert_eq!(makers_of_pod("web-6d8f9c7b5d-x7k2p"), ["web", "web-6d8f9c7b5d"]);
        assert_eq!(makers_of_pod("agent-x7k2p"), ["agent"]);
        assert_eq!(makers_of_pod("kafka-12"), ["kafka"]);
        assert!(makers_of_pod("reviews-v1").is_empty() && makers_of_pod("web").is_empty());
    }
}
