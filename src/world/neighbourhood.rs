//! Evidence that resources without a written namespace belong together.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gap, Workload, World};
use crate::load::Snapshot;
use crate::model::spelling::misspelt;
use crate::model::{Kind, Labels, Resource};
use crate::source::FileId;

/// The files of resources without a written namespace. All of them get the assumed namespace, `default`, although
/// unrelated directories of a repository may be for different ones, and a directory may hold examples that have nothing to
/// do with each other. So what one of them lacks is missing only if there is evidence that others of its kind are applied
/// together with it:
///
/// - one of them is in the same file;
/// - something else in its directory refers to one in another file, and that one exists;
/// - one in a related directory has almost the same name.
///
/// Resources that name the assumed namespace need the same evidence, or a resource of the kind in a related directory.
#[derive(Debug, Default)]
pub(super) struct Neighbourhoods {
    /// The files with resources of a kind. Workloads of all kinds count as [`Kind::Pod`].
    defining: BTreeMap<Kind, BTreeSet<FileId>>,
    /// The files with resources of a kind, by name.
    by_name: BTreeMap<Kind, BTreeMap<String, BTreeSet<FileId>>>,
    /// The directories with a reference to a resource of a kind in another file.
    referring: BTreeMap<Kind, BTreeSet<String>>,
    /// The files with resources of a kind that name the assumed namespace, by name. Much is in that namespace that has
    /// nothing to do with the mesh, since it is the one that everybody uses first.
    written: BTreeMap<Kind, BTreeMap<String, BTreeSet<FileId>>>,
    /// The files with workloads that name no namespace, by the service account that they run as.
    accounts: BTreeMap<String, BTreeSet<FileId>>,
}

impl Neighbourhoods {
    pub(super) fn new(world: &World<'_>) -> Self {
        let mut found = Self::default();
        if !world.are_namespaces_assumed() {
            return found;
        }
        for resource in world.snapshot.resources() {
            if resource.has_no_namespace() {
                found.defining.entry(resource.kind).or_default().insert(resource.span.file);
                let of_kind = found.by_name.entry(resource.kind).or_default();
                of_kind.entry(resource.name().to_owned()).or_default().insert(resource.span.file);
            } else if world.settings.namespace_of(resource) == world.settings.default_namespace {
                let of_kind = found.written.entry(resource.kind).or_default();
                of_kind.entry(resource.name().to_owned()).or_default().insert(resource.span.file);
            }
        }
        for workload in world.workloads.iter().filter(|it| is_pod_like(it) && it.resource.has_no_namespace()) {
            found.defining.entry(Kind::Pod).or_default().insert(workload.resource.span.file);
            if let Some(account) = workload.service_account {
                found.accounts.entry(account.to_owned()).or_default().insert(workload.resource.span.file);
            }
        }
        for workload in world.workloads.iter().filter(|it| is_pod_like(it) && !it.resource.has_no_namespace()) {
            if workload.name.namespace == world.settings.default_namespace {
                let of_kind = found.written.entry(Kind::Pod).or_default();
                of_kind.entry(workload.resource.name().to_owned()).or_default().insert(workload.resource.span.file);
            }
        }
        found.add_references(world);
        found
    }

    fn add_references(&mut self, world: &World<'_>) {
        let is_there = |resource: &Resource| world.settings.namespace_of(resource) == world.settings.default_namespace;
        let mut add = |kind: Kind, from: &Resource, to: &Resource| {
            let are_alike = from.has_no_namespace() == to.has_no_namespace();
            if are_alike && is_there(from) && is_there(to) && from.span.file != to.span.file {
                self.referring.entry(kind).or_default().insert(directory(world.snapshot, from.span.file).to_owned());
            }
        };
        let mut add_host = |host: &str, from: &Resource| {
            world.services.named(host).for_each(|service| add(service.resource.kind, from, service.resource));
        };
        for virtual_service in world.all_virtual_services() {
            for destination in virtual_service.destinations() {
                add_host(&virtual_service.full_host(destination.host, &world.settings), virtual_service.resource);
            }
            virtual_service.hosts.iter().for_each(|host| add_host(host, virtual_service.resource));
        }
        for destination_rule in world.destination_rules.iter() {
            add_host(&destination_rule.host, destination_rule.resource);
        }
        for virtual_service in &world.virtual_services {
            let bound = virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
            for gateway in bound.filter_map(|name| world.gateway(name)) {
                add(Kind::Gateway, virtual_service.resource, gateway.resource);
            }
        }
        for derived in &world.derived.virtual_services {
            for source in &derived.sources {
                for gateway in
                    derived.bound_to.iter().filter_map(|bound| world.derived.gateway(bound.gateway.as_ref()?))
                {
                    add(gateway.resource.kind, source.resource, gateway.resource);
                }
            }
        }
        let of_services =
            world.services.iter().filter_map(|it| Some((it.resource, it.namespace.as_str(), it.selector?)));
        let of_attachments =
            world.attachments.iter().filter_map(|it| Some((it.resource, it.name.namespace.as_ref(), it.selector?)));
        for (resource, namespace, selector) in of_services.chain(of_attachments).filter(|(_, _, it)| !it.is_empty()) {
            for workload in world.selected_in(namespace, Some(selector)).filter(|it| is_pod_like(it)) {
                add(Kind::Pod, resource, workload.resource);
            }
        }
    }

    /// Whether there is evidence that the resources of a kind, of which `from` names one, are applied together with it.
    fn know(&self, world: &World<'_>, kind: Kind, from: &Resource, name: &str) -> bool {
        let is_in_file = self.defining.get(&kind).is_some_and(|files| files.contains(&from.span.file));
        let own = directory(world.snapshot, from.span.file);
        let is_referred_to = || self.referring.get(&kind).is_some_and(|directories| directories.contains(own));
        let is_near =
            |files: &BTreeSet<FileId>| files.iter().any(|file| are_near(own, directory(world.snapshot, *file)));
        let has_similar = || {
            let of_kind = self.by_name.get(&kind).into_iter().flatten();
            let near = of_kind.filter(|(_, files)| is_near(files)).map(|(name, _)| name.as_str());
            misspelt(name, near).is_some()
        };
        is_in_file || is_referred_to() || (!name.is_empty() && has_similar())
    }

    /// The same for `from` that names a namespace, and resources that name the assumed one.
    fn know_written(&self, world: &World<'_>, kind: Kind, from: &Resource, name: &str) -> bool {
        let Some(written) = self.written.get(&kind).filter(|_| !from.has_no_namespace()) else { return false };
        let own = directory(world.snapshot, from.span.file);
        let is_near = |file: &FileId| are_near(own, directory(world.snapshot, *file));
        let is_referred_to = || self.referring.get(&kind).is_some_and(|directories| directories.contains(own));
        let has_similar = || misspelt(name, written.keys().map(String::as_str)).is_some();
        written.values().flatten().any(is_near) || is_referred_to() || (!name.is_empty() && has_similar())
    }
}

impl World<'_> {
    /// Whether `from` refers to a resource that would be among the manifests, as far as directories show. `name` is its name,
    /// if the reference has one. Workloads of all kinds count as [`Kind::Pod`].
    pub fn would_have(&self, kind: Kind, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        if !self.are_namespaces_assumed() || self.inventory.is_complete_in(namespace) {
            return Ok(());
        }
        let own = directory(self.snapshot, from.span.file);
        let mut namesakes =
            self.neighbourhoods.by_name.get(&kind).and_then(|names| names.get(name)).into_iter().flatten();
        // Such a namesake is in whatever namespace the files are applied to.
        let is_elsewhere = namespace != self.settings.default_namespace;
        if namesakes.any(|file| is_elsewhere || !are_near(directory(self.snapshot, *file), own)) {
            return Err(Gap::AssumedNamespace(kind, name.to_owned()));
        }
        if namespace != self.settings.default_namespace {
            return Ok(());
        }
        let neighbourhoods = &self.neighbourhoods;
        if neighbourhoods.know_written(self, kind, from, name) || neighbourhoods.know(self, kind, from, name) {
            return Ok(());
        }
        Err(nothing_near(kind, from, namespace))
    }

    /// Whether a Service that `from` refers to, and that the manifests lack, does not exist.
    pub fn expects_service(&self, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        self.inventory.service(namespace, name).and_then(|()| self.would_have(Kind::Service, from, name, namespace))
    }

    /// Whether a Service that `from` refers to does not exist, even if the manifests cannot say so of a single Service.
    pub fn expects_listed_service(&self, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        self.inventory.lists_services(namespace).and_then(|()| self.would_have(Kind::Service, from, name, namespace))
    }

    /// Whether a service account that `from` names, and that the manifests lack, does not exist.
    pub fn expects_account(&self, from: &Resource, name: &str, namespace: &str) -> Result<(), Gap> {
        if !self.are_namespaces_assumed() {
            return Ok(());
        }
        let neighbourhoods = &self.neighbourhoods;
        let of_kind = neighbourhoods.by_name.get(&Kind::ServiceAccount);
        let is_elsewhere = namespace != self.settings.default_namespace;
        let is_drifting = neighbourhoods.accounts.contains_key(name) || of_kind.is_some_and(|it| it.contains_key(name));
        if is_elsewhere && is_drifting {
            return Err(Gap::AssumedNamespace(Kind::ServiceAccount, name.to_owned()));
        }
        let own = directory(self.snapshot, from.span.file);
        let names = || of_kind.into_iter().flatten().chain(&neighbourhoods.accounts);
        let is_near = |file: &FileId| are_near(own, directory(self.snapshot, *file));
        let has_similar = || misspelt(name, names().map(|(name, _)| name.as_str())).is_some();
        let written = [Kind::ServiceAccount, Kind::Pod].into_iter();
        let mut written = written.filter_map(|kind| neighbourhoods.written.get(&kind)).flat_map(BTreeMap::values);
        if is_elsewhere
            || names().any(|(_, files)| files.iter().any(is_near))
            || written.any(|files| files.iter().any(is_near))
            || has_similar()
        {
            return Ok(());
        }
        Err(nothing_near(Kind::ServiceAccount, from, namespace))
    }

    /// Whether a workload of a namespace that `from` selects, and that the manifests lack, does not exist.
    pub fn expects_workload(&self, from: &Resource, selector: &Labels, namespace: &str) -> Result<(), Gap> {
        self.inventory.workloads_with(namespace, &selector.to_set())?;
        let mut selected = self.workloads.iter().filter(|workload| workload.is_selected_by(selector));
        let is_elsewhere = self.are_namespaces_assumed() && namespace != self.settings.default_namespace;
        let may_be_there = |workload: &&Workload<'_>| {
            (is_elsewhere && workload.resource.has_no_namespace()) || self.may_be_elsewhere(workload.resource, from)
        };
        if let Some(drifting) = selected.find(may_be_there) {
            return Err(Gap::AssumedNamespace(drifting.resource.kind, drifting.resource.name().to_owned()));
        }
        self.would_have(Kind::Pod, from, "", namespace)
    }

    /// Whether one of two resources may be in another namespace than the assumed one, since it does not name any and the
    /// other one is not near. Nothing follows from their being in one namespace or in two.
    pub fn may_be_elsewhere(&self, resource: &Resource, other: &Resource) -> bool {
        let are_in_doubt = resource.has_no_namespace() || other.has_no_namespace();
        self.are_namespaces_assumed() && are_in_doubt && !self.are_related(resource, other)
    }

    /// Whether the directories of two resources are the same, or one contains the other; or all resources are applied
    /// together.
    pub fn are_related(&self, resource: &Resource, other: &Resource) -> bool {
        let directory = |resource: &Resource| directory(self.snapshot, resource.span.file);
        self.snapshot.applied_together || are_near(directory(resource), directory(other))
    }

    /// Whether the namespace of resources that name none is only assumed.
    fn are_namespaces_assumed(&self) -> bool {
        self.inventory.is_decided_by_manifests()
            && self.settings.is_namespace_assumed
            && !self.snapshot.applied_together
    }
}

/// The reason why nothing follows from what the assumed namespace lacks.
fn nothing_near(kind: Kind, from: &Resource, namespace: &str) -> Gap {
    match kind {
        _ if from.has_no_namespace() => Gap::NoneNear(kind),
        Kind::Pod => Gap::NotAllWorkloads(namespace.to_owned()),
        kind => Gap::NotAllResources(kind, namespace.to_owned()),
    }
}

/// A WorkloadGroup does not show that the pods of its namespace are here.
fn is_pod_like(workload: &Workload<'_>) -> bool {
    workload.resource.kind != Kind::WorkloadGroup
}

/// The directory of a file, as output shows it; empty for a file without one.
fn directory(snapshot: &Snapshot, file: FileId) -> &str {
    let path = snapshot.sources.file(file).path();
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
