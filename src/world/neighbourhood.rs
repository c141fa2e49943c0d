//! Evidence that resources without a written namespace belong together.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gap, Workload, World};
use crate::load::Snapshot;
use crate::model::{Kind, KindScope, Labels, Resource};

/// The directories of resources without a written namespace. All of them get the assumed namespace, `default`, although
/// unrelated directories of a repository may be for different ones. So what one of them lacks is missing only if others of
/// its kind are near: in the same directory, or in one above or below. It is also missing if something in its directory
/// refers to one of its kind that exists, as the two then belong together wherever they are.
#[derive(Debug, Default)]
pub(super) struct Neighbourhoods {
    /// The directories with resources of a kind. Workloads of all kinds count as [`Kind::Pod`].
    defining: BTreeMap<Kind, BTreeSet<String>>,
    /// The directories with resources of a kind and name.
    by_name: BTreeMap<(Kind, String), BTreeSet<String>>,
    /// The kinds of resources that name the assumed namespace.
    written: BTreeSet<Kind>,
    /// The directories with a reference to a resource of a kind that exists.
    referring: BTreeMap<Kind, BTreeSet<String>>,
}

impl Neighbourhoods {
    pub(super) fn new(world: &World<'_>) -> Self {
        let mut found = Self::default();
        if !world.are_namespaces_assumed() {
            return found;
        }
        for resource in world.snapshot.resources() {
            if has_assumed_namespace(resource) {
                let directory = directory(world.snapshot, resource);
                found.defining.entry(resource.kind).or_default().insert(directory.to_owned());
                let name = (resource.kind, resource.name().to_owned());
                found.by_name.entry(name).or_default().insert(directory.to_owned());
            } else if world.settings.namespace_of(resource) == world.settings.default_namespace {
                found.written.insert(resource.kind);
            }
        }
        for workload in world.workloads.iter().filter(|it| is_pod_like(it) && has_assumed_namespace(it.resource)) {
            let directory = directory(world.snapshot, workload.resource);
            found.defining.entry(Kind::Pod).or_default().insert(directory.to_owned());
        }
        found.add_references(world);
        found
    }

    fn add_references(&mut self, world: &World<'_>) {
        let mut add = |kind: Kind, from: &Resource| {
            if has_assumed_namespace(from) {
                self.referring.entry(kind).or_default().insert(directory(world.snapshot, from).to_owned());
            }
        };
        let service = |host: &str| world.services.named(host).find(|it| has_assumed_namespace(it.resource));
        for virtual_service in world.virtual_services.iter().chain(&world.derived.virtual_services) {
            let destinations = virtual_service.destinations();
            let hosts = destinations.iter().map(|it| virtual_service.full_host(it.host, &world.settings));
            for host in hosts.chain(virtual_service.hosts.iter().map(|host| host.as_str().into())) {
                service(&host).into_iter().for_each(|it| add(it.resource.kind, virtual_service.resource));
            }
            let bound = virtual_service.spec.gateways.iter();
            let names = bound.filter_map(|it| super::resolve_gateway_name(it, &virtual_service.name.namespace));
            for gateway in names.filter_map(|name| world.gateway(&name)) {
                if has_assumed_namespace(gateway.resource) {
                    add(Kind::Gateway, virtual_service.resource);
                }
            }
        }
        for destination_rule in world.destination_rules.iter() {
            service(&destination_rule.host).into_iter().for_each(|it| add(it.resource.kind, destination_rule.resource));
        }
    }

    fn know(&self, kind: Kind, directory: &str) -> bool {
        let refers = self.referring.get(&kind).is_some_and(|directories| directories.contains(directory));
        refers || self.defining.get(&kind).into_iter().flatten().any(|other| are_near(directory, other))
    }
}

impl World<'_> {
    /// Whether `from` refers to a resource that would be among the manifests, as far as directories show. `name` is its name,
    /// if the reference has one. Workloads of all kinds count as [`Kind::Pod`].
    pub fn would_have(&self, kind: Kind, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        if !self.are_namespaces_assumed() {
            return Ok(());
        }
        let own = directory(self.snapshot, from);
        let mut namesakes = self.neighbourhoods.by_name.get(&(kind, name.to_owned())).into_iter().flatten();
        if namesakes.any(|directory| !are_near(directory, own)) {
            return Err(Gap::AssumedNamespace(kind, name.to_owned()));
        }
        if namespace != self.settings.default_namespace {
            return Ok(());
        }
        let is_written = !has_assumed_namespace(from) && self.neighbourhoods.written.contains(&kind);
        if is_written || self.neighbourhoods.know(kind, own) { Ok(()) } else { Err(Gap::NoneNear(kind)) }
    }

    /// Whether a Service that `from` refers to, and that the manifests lack, does not exist.
    pub fn expects_service(&self, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        self.inventory.service(namespace, name).and_then(|()| self.would_have(Kind::Service, from, name, namespace))
    }

    /// Whether a Service that `from` refers to does not exist, even if the manifests cannot say so of a single Service.
    pub fn expects_listed_service(&self, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        self.inventory.lists_services(namespace).and_then(|()| self.would_have(Kind::Service, from, name, namespace))
    }

    /// Whether a workload of a namespace that `from` selects, and that the manifests lack, does not exist.
    pub fn expects_workload(&self, from: &Resource, selector: &Labels, namespace: &str) -> Result<(), Gap> {
        self.inventory.workloads_with(namespace, &selector.to_set())?;
        let mut selected = self.workloads.iter().filter(|workload| workload.is_selected_by(selector));
        if let Some(drifting) = selected.find(|workload| self.may_be_elsewhere(workload.resource, from)) {
            return Err(Gap::AssumedNamespace(drifting.resource.kind, drifting.resource.name().to_owned()));
        }
        self.would_have(Kind::Pod, from, "", namespace)
    }

    /// Whether one of two resources may be in another namespace than the assumed one, since it does not name any and the
    /// other one is not near. Nothing follows from their being in one namespace or in two.
    pub fn may_be_elsewhere(&self, resource: &Resource, other: &Resource) -> bool {
        let are_in_doubt = has_assumed_namespace(resource) || has_assumed_namespace(other);
        let directory = |resource| directory(self.snapshot, resource);
        self.are_namespaces_assumed() && are_in_doubt && !are_near(directory(resource), directory(other))
    }

    /// Whether the namespace of resources that name none is only assumed.
    fn are_namespaces_assumed(&self) -> bool {
        self.inventory.is_decided_by_manifests()
            && self.settings.is_namespace_assumed
            && !self.snapshot.applied_together
    }
}

/// A WorkloadGroup does not show that the pods of its namespace are here.
fn is_pod_like(workload: &Workload<'_>) -> bool {
    workload.resource.kind != Kind::WorkloadGroup
}

/// Whether a resource belongs to a namespace, but does not say to which.
fn has_assumed_namespace(resource: &Resource) -> bool {
    resource.kind.scope() == KindScope::Namespaced
        && resource.metadata.namespace.as_ref().is_none_or(|namespace| namespace.is_empty())
}

/// The directory of a resource, as output shows it; empty for a file without one.
fn directory<'s>(snapshot: &'s Snapshot, resource: &Resource) -> &'s str {
    let path = snapshot.sources.file(resource.span.file).path();
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Whether one directory is the other, or lies in it.
fn are_near(a: &str, b: &str) -> bool {
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    is_within(a, b) || is_within(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_near_if_one_contains_the_other() {
        for (a, b, expected) in [
            ("", "", true),
            ("", "app/mesh", true),
            ("app", "app", true),
            ("app", "app/mesh", true),
            ("app/mesh/v1", "app", true),
            ("app", "apps", false),
            ("app/k8s", "app/mesh", false),
        ] {
            assert_eq!((are_near(a, b), are_near(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
