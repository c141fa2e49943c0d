//! The resources that a repository defines outside of a mesh, and that may be applied to the same cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Gap, Makers, Settings};
use crate::config::{InventoryMode, InventorySetting};
use crate::load::Snapshot;
use crate::model::field::TextField;
use crate::model::{Kind, LabelSet, Resource, Spec};

/// The names that the meshes of a repository define. One value serves all meshes.
#[derive(Debug, Default)]
pub struct Definitions {
    meshes: Vec<String>,
    by_name: BTreeMap<Kind, BTreeMap<String, BTreeMap<String, Vec<usize>>>>,
    /// The hosts of ServiceEntries.
    hosts: BTreeMap<String, Vec<usize>>,
    /// The hosts of DestinationRules, as Istio expands them.
    rule_hosts: BTreeMap<String, Vec<usize>>,
    /// The names of resources that name no namespace, if nothing else does, by kind.
    drifting: BTreeMap<Kind, BTreeMap<String, Vec<usize>>>,
    /// The labels of workloads that name no namespace, if nothing else does, with their kinds and names.
    drifting_workloads: BTreeMap<BTreeMap<String, String>, DriftingWorkload>,
    /// The short hosts of DestinationRules that name no namespace.
    drifting_hosts: BTreeMap<String, Vec<usize>>,
    /// The labels of workloads, by namespace.
    workloads: BTreeMap<String, BTreeMap<BTreeMap<String, String>, Vec<usize>>>,
    /// The Namespaces and workloads whose labels ask for a sidecar, by kind, namespace and name.
    injected: BTreeMap<(Kind, String, String), Vec<usize>>,
    /// The resources that controllers make from those of each mesh, if any.
    makers: Vec<(usize, Makers)>,
}

/// Workloads with the same labels: the kind and name of the first, and the meshes that have any.
#[derive(Debug)]
struct DriftingWorkload {
    kind: Kind,
    name: String,
    meshes: Vec<usize>,
}

impl Definitions {
    /// Adds what a mesh defines. Returns the number of the mesh.
    pub fn add(&mut self, mesh: impl Into<String>, snapshot: &Snapshot, settings: &Settings) -> usize {
        let number = self.meshes.len();
        self.meshes.push(mesh.into());
        for resource in snapshot.resources() {
            self.define(number, resource, settings);
            if settings.is_namespace_assumed && resource.has_no_namespace() {
                self.add_drifting(number, resource);
            }
        }
        let makers = Makers::new(snapshot, settings);
        if !makers.is_empty() {
            self.makers.push((number, makers));
        }
        number
    }

    fn define(&mut self, mesh: usize, resource: &Resource, settings: &Settings) {
        let namespace = settings.namespace_of(resource);
        if let Spec::DestinationRule(spec) = &resource.spec {
            let host = super::host::expand(spec.host.text(), namespace, &settings.domain).into_owned();
            note(self.rule_hosts.entry(host).or_default(), mesh);
        }
        if let Spec::ServiceEntry(entry) = &resource.spec {
            entry.hosts.iter().for_each(|host| note(self.hosts.entry(host.value.clone()).or_default(), mesh));
        }
        self.name(mesh, resource.kind, namespace, resource.name());
        if super::namespace::asks_for_sidecar(resource) {
            let key = (resource.kind, namespace.to_owned(), resource.name().to_owned());
            note(self.injected.entry(key).or_default(), mesh);
        }
        if let Some(labels) = workload_labels(resource) {
            let of_namespace = self.workloads.entry(namespace.to_owned()).or_default();
            note(of_namespace.entry(labels).or_default(), mesh);
        }
        // Pods run as an account that exists.
        if let Some(account) = account_of(resource) {
            self.name(mesh, Kind::ServiceAccount, namespace, account);
        }
    }

    fn add_drifting(&mut self, mesh: usize, resource: &Resource) {
        let of_kind = self.drifting.entry(resource.kind).or_default();
        note(of_kind.entry(resource.name().to_owned()).or_default(), mesh);
        if let Some(account) = account_of(resource) {
            note(self.drifting.entry(Kind::ServiceAccount).or_default().entry(account.to_owned()).or_default(), mesh);
        }
        if let Some(labels) = workload_labels(resource) {
            let first =
                || DriftingWorkload { kind: resource.kind, name: resource.name().to_owned(), meshes: Vec::new() };
            note(&mut self.drifting_workloads.entry(labels).or_insert_with(first).meshes, mesh);
        }
        if let Spec::DestinationRule(rule) = &resource.spec
            && let Some(host) = rule.host.as_ref().filter(|host| !host.contains('.'))
        {
            note(self.drifting_hosts.entry(host.value.clone()).or_default(), mesh);
        }
    }

    fn name(&mut self, mesh: usize, kind: Kind, namespace: &str, name: &str) {
        let of_kind = self.by_name.entry(kind).or_default();
        let of_namespace = of_kind.entry(namespace.to_owned()).or_default();
        note(of_namespace.entry(name.to_owned()).or_default(), mesh);
    }
}

/// The labels of the pods of a workload, or of a machine.
fn workload_labels(resource: &Resource) -> Option<BTreeMap<String, String>> {
    let labels = match &resource.spec {
        Spec::Pod(_) | Spec::WorkloadEntry(_) => &resource.metadata.labels,
        spec => &spec.pod_template()?.metadata.as_ref()?.labels,
    };
    Some(labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect())
}

/// The service account that the pods of a workload run as.
fn account_of(resource: &Resource) -> Option<&str> {
    let account = resource.spec.pod_template()?.spec.as_ref()?.service_account_name.as_ref();
    account.map(|account| account.as_str())
}

fn note(meshes: &mut Vec<usize>, mesh: usize) {
    if meshes.last() != Some(&mesh) {
        meshes.push(mesh);
    }
}

/// Whether a selector matches labels.
fn fits(labels: &BTreeMap<String, String>, selector: &LabelSet<'_>) -> bool {
    selector.iter().all(|(key, value)| labels.get(*key).is_some_and(|own| own == value))
}

/// A namespace in which something may exist that was not given, such as the objects of a chart that was not rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialNamespace {
    /// The namespace; `None` for all namespaces.
    pub namespace: Option<String>,
    /// The reason: "chart `charts/booking` is not rendered".
    pub reason: String,
}

/// The resources that may be in the cluster beside those of a mesh.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The names that the meshes of the repository define.
    pub definitions: Arc<Definitions>,
    /// The numbers of the meshes that are never applied beside this one: itself and its alternatives.
    pub apart: Arc<BTreeSet<usize>>,
    /// The number of this mesh, if it is among the definitions.
    pub own: Option<usize>,
    /// The namespaces that are not given completely.
    pub partial: Vec<PartialNamespace>,
    /// The namespaces of which only the resources of the manifests count, and not those that controllers may make from them.
    complete: InventorySetting,
}

impl Surroundings {
    /// The surroundings of a mesh in a repository.
    pub fn new(definitions: Arc<Definitions>, apart: Arc<BTreeSet<usize>>, partial: Vec<PartialNamespace>) -> Self {
        Self { definitions, own: None, apart, partial, complete: InventorySetting::default() }
    }

    /// Leaves the resources of the manifests in those namespaces of which the user declares that there are no others.
    pub(super) fn leave_only_manifests(&mut self, inventory: &InventorySetting) {
        self.complete = inventory.clone();
        if inventory.is_everywhere(InventoryMode::Complete) {
            self.partial.clear();
        }
    }

    /// Whether only the resources of the manifests count in a namespace; without one, in all of them.
    fn is_given(&self, namespace: Option<&str>) -> bool {
        match namespace {
            Some(namespace) => self.complete.of(namespace) == Some(InventoryMode::Complete),
            None => self.complete.is_everywhere(InventoryMode::Complete),
        }
    }

    /// The reason why a resource may exist that the mesh lacks.
    pub(super) fn may_define(&self, kind: Kind, namespace: &str, name: &str) -> Option<Gap> {
        let of_kind = self.definitions.by_name.get(&kind).and_then(|of_kind| of_kind.get(namespace));
        let meshes = of_kind.and_then(|names| names.get(name));
        let defined = self.mesh_of(meshes).map(|mesh| {
            let name = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
            Gap::DefinedElsewhere(kind, name, mesh.to_owned())
        });
        let drifting = || {
            let meshes = self.definitions.drifting.get(&kind).and_then(|names| names.get(name))?;
            self.mesh_of([meshes]).map(|_| Gap::AssumedNamespace(kind, name.to_owned()))
        };
        defined
            .or_else(drifting)
            .or_else(|| self.partial(namespace))
            .or_else(|| self.makers(Some(namespace)).find_map(|makers| makers.may_make(kind, namespace, name)))
    }

    /// The reason why a Namespace or a workload may ask for a sidecar although that of the mesh does not: another mesh has a
    /// definition that does, perhaps as a patch or as an alternative.
    pub(super) fn may_inject(&self, kind: Kind, namespace: &str, name: &str) -> Option<Gap> {
        let meshes = self.definitions.injected.get(&(kind, namespace.to_owned(), name.to_owned()))?;
        let other = *meshes.iter().find(|mesh| Some(**mesh) != self.own)?;
        let full = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        Some(Gap::DefinedElsewhere(kind, full, self.definitions.meshes.get(other)?.clone()))
    }

    /// The reason why a resource of a kind and of any name may exist that the mesh lacks.
    pub(super) fn may_define_any(&self, kind: Kind, namespace: &str) -> Option<Gap> {
        let of_kind = self.definitions.by_name.get(&kind).and_then(|of_kind| of_kind.get(namespace));
        let named = of_kind.into_iter().flatten();
        let named = named.filter_map(|(name, meshes)| Some((name, self.mesh_of([meshes])?))).next();
        named
            .map(|(name, mesh)| Gap::DefinedElsewhere(kind, format!("{namespace}/{name}"), mesh.to_owned()))
            .or_else(|| self.partial(namespace))
            .or_else(|| self.makers(Some(namespace)).find_map(|makers| makers.makes_any(kind, namespace)))
    }

    /// The reason why a ServiceEntry for a host may exist that the mesh lacks.
    pub(super) fn may_define_host(&self, host: &str) -> Option<Gap> {
        let exact = self.definitions.hosts.get(host);
        let covering = self.definitions.hosts.iter().filter(|(other, _)| super::host::covered_by(host, other));
        let mesh = self.mesh_of(exact.into_iter().chain(covering.map(|(_, meshes)| meshes)))?;
        Some(Gap::HostDefinedElsewhere(host.to_owned(), mesh.to_owned()))
    }

    /// The reason why workloads with these labels may exist that the mesh lacks, in a namespace or in any.
    pub(super) fn may_have_workloads(&self, namespace: Option<&str>, selector: &LabelSet<'_>) -> Option<Gap> {
        let found = self.workloads_elsewhere(namespace, selector);
        let partial = || match namespace {
            Some(namespace) => self.partial(namespace),
            None => self.partial.first().map(|partial| Gap::NotGiven(partial.reason.clone())),
        };
        let drifting = || self.drifting_workload(selector);
        found
            .or_else(drifting)
            .or_else(partial)
            .or_else(|| self.makers(namespace).find_map(|makers| makers.makes_pods(namespace, selector)))
    }

    /// The reason why workloads exist whose known labels a selector matches, and that the mesh lacks.
    pub(super) fn has_workloads(&self, namespace: &str, selector: &LabelSet<'_>) -> Option<Gap> {
        let made = || self.makers(Some(namespace)).find_map(|makers| makers.makes_known_pods(namespace, selector));
        self.workloads_elsewhere(Some(namespace), selector).or_else(made)
    }

    fn workloads_elsewhere(&self, namespace: Option<&str>, selector: &LabelSet<'_>) -> Option<Gap> {
        let fits = |labels: &BTreeMap<String, String>| fits(labels, selector);
        let all = self.definitions.workloads.iter();
        let mut of_namespaces = all.filter(|(own, _)| namespace.is_none_or(|namespace| namespace == own.as_str()));
        of_namespaces.find_map(|(own, workloads)| {
            let meshes = workloads.iter().filter(|(labels, _)| fits(labels)).map(|(_, meshes)| meshes);
            Some(Gap::WorkloadsElsewhere(own.clone(), self.mesh_of(meshes)?.to_owned()))
        })
    }

    /// The reason why workloads of another mesh that name no namespace may be in the namespace of a selector, if it has
    /// labels.
    fn drifting_workload(&self, selector: &LabelSet<'_>) -> Option<Gap> {
        if selector.is_empty() {
            return None;
        }
        let mut fitting = self.definitions.drifting_workloads.iter().filter(|(labels, _)| fits(labels, selector));
        let (_, found) = fitting.find(|(_, found)| self.mesh_of([&found.meshes]).is_some())?;
        Some(Gap::AssumedNamespace(found.kind, found.name.clone()))
    }

    /// The reason why a DestinationRule for a host may exist that the mesh lacks.
    pub(super) fn may_define_rule(&self, host: &str) -> Option<Gap> {
        let exact = self.definitions.rule_hosts.get(host);
        let covering =
            self.definitions.rule_hosts.iter().filter(|(other, _)| {
                super::host::wildcard_suffix(other).is_some() && super::host::covered_by(host, other)
            });
        if let Some(mesh) = self.mesh_of(exact.into_iter().chain(covering.map(|(_, meshes)| meshes))) {
            return Some(Gap::RuleElsewhere(host.to_owned(), mesh.to_owned()));
        }
        let short = host.split('.').next().unwrap_or_default();
        let mesh = self.mesh_of(self.definitions.drifting_hosts.get(short))?;
        Some(Gap::RuleElsewhere(short.to_owned(), mesh.to_owned()))
    }

    /// The reason why something unknown may exist in a namespace.
    pub(super) fn partial(&self, namespace: &str) -> Option<Gap> {
        if self.is_given(Some(namespace)) {
            return None;
        }
        let is_there = |it: &&PartialNamespace| it.namespace.as_ref().is_none_or(|name| name == namespace);
        self.partial.iter().find(is_there).map(|partial| Gap::NotGiven(partial.reason.clone()))
    }

    /// The first mesh that may be applied beside this one, of those that define each of several things. What this mesh defines
    /// itself is not elsewhere: alternatives share files.
    fn mesh_of<'m>(&self, defining: impl IntoIterator<Item = &'m Vec<usize>>) -> Option<&str> {
        let is_own = |meshes: &&Vec<usize>| self.own.is_some_and(|own| meshes.binary_search(&own).is_ok());
        let elsewhere = defining.into_iter().filter(|meshes| !is_own(meshes));
        let mesh = elsewhere.flatten().find(|mesh| !self.apart.contains(mesh))?;
        self.definitions.meshes.get(*mesh).map(String::as_str)
    }

    /// The resources that controllers may make from those of other meshes, in a namespace or in any.
    fn makers(&self, namespace: Option<&str>) -> impl Iterator<Item = &Makers> {
        let is_given = self.is_given(namespace);
        self.all_makers().filter(move |_| !is_given)
    }

    fn all_makers(&self) -> impl Iterator<Item = &Makers> {
        let beside = self.definitions.makers.iter().filter(|(mesh, _)| !self.apart.contains(mesh));
        beside.map(|(_, makers)| makers)
    }

    /// Whether a controller makes a resource from those of another mesh.
    pub(super) fn makes(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        self.all_makers().any(|makers| makers.makes(kind, namespace, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, InventoryMode};
    use crate::model::LabelSet;
    use crate::world::World;

    const BOOKS: &str = "{apiVersion: v1, kind: Service, metadata: {name: books, namespace: shop}}";
    const SHARED: &str = "{apiVersion: v1, kind: Service, metadata: {name: shared, namespace: shop}}\n---\n\
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {metadata: \
        {labels: {app: a}}, spec: {serviceAccountName: robot}}}}\n---\n\
        {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e, namespace: other}, \
        spec: {hosts: ['*.example.com']}}\n---\n\
        {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: d, namespace: shop}, \
        spec: {host: books}}\n---\n\
        {apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: cart, namespace: shop}, \
        spec: {targetRef: {name: cart}}}\n";

    fn settings(snapshot: &Snapshot) -> Settings {
        Settings::new(&Config::default(), snapshot)
    }

    fn world<'a>(snapshot: &'a Snapshot, apart: &[usize], partial: Vec<PartialNamespace>) -> World<'a> {
        let mut definitions = Definitions::default();
        let beside = Snapshot::of_texts([("b.yaml", SHARED)]);
        definitions.add("overlays/a", snapshot, &settings(snapshot));
        definitions.add("overlays/b", &beside, &settings(&beside));
        let apart = Arc::new(apart.iter().copied().collect());
        World::with_surroundings(snapshot, settings(snapshot), Surroundings::new(Arc::new(definitions), apart, partial))
    }

    #[test]
    fn another_mesh_may_define_what_is_missing() {
        let snapshot = Snapshot::of_texts([("a.yaml", BOOKS)]);
        let beside = world(&snapshot, &[0], Vec::new());
        let alone = world(&snapshot, &[0, 1], Vec::new());
        let pods = LabelSet::from([("app", "a")]);
        type Check<'c> = &'c dyn Fn(&World<'_>) -> Result<(), Gap>;
        let checks: [(&str, Check<'_>); 7] = [
            ("Service", &|world| world.inventory.service("shop", "shared")),
            ("all Services", &|world| world.inventory.services("shop")),
            ("made Service", &|world| world.inventory.service("shop", "cart-canary")),
            ("account", &|world| world.inventory.may_exist(Kind::ServiceAccount, "shop", "robot").map_or(Ok(()), Err)),
            ("pods", &|world| world.inventory.may_have_workloads(Some("shop"), &pods).map_or(Ok(()), Err)),
            ("entry", &|world| world.inventory.may_have_host("www.example.com").map_or(Ok(()), Err)),
            ("rule", &|world| {
                world.inventory.may_have_destination_rule("shop", "books.shop.svc.cluster.local").map_or(Ok(()), Err)
            }),
        ];
        for (name, check) in checks {
            assert!(check(&beside).is_err(), "{name} beside");
            assert!(check(&alone).is_ok(), "{name} alone: {:?}", check(&alone));
        }
        assert!(beside.inventory.service("shop", "other").is_ok());
        assert!(beside.makes_service("cart-canary.shop.svc.cluster.local"));
        let gap = beside.inventory.service("shop", "shared").unwrap_err().to_string();
        assert_eq!(gap, "mesh `overlays/b` defines Service `shop/shared`, and may be applied to the same cluster");
    }

    #[test]
    fn workloads_of_another_mesh_that_name_no_namespace_may_be_in_any() {
        let beside = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: cart}, spec: {template: {metadata: \
            {labels: {app: cart}}, spec: {serviceAccountName: cart}}}}";
        let (snapshot, beside) = (Snapshot::of_texts([("a.yaml", BOOKS)]), Snapshot::of_texts([("b.yaml", beside)]));
        let mut definitions = Definitions::default();
        definitions.add("a", &snapshot, &settings(&snapshot));
        definitions.add("b", &beside, &settings(&beside));
        let apart = Arc::new(BTreeSet::from([0]));
        let surroundings = Surroundings::new(Arc::new(definitions), apart, Vec::new());
        let world = World::with_surroundings(&snapshot, settings(&snapshot), surroundings);
        let gap = |value| world.inventory.may_have_workloads(Some("shop"), &LabelSet::from([("app", value)]));
        assert_eq!(gap("cart"), Some(Gap::AssumedNamespace(Kind::Deployment, "cart".to_owned())));
        assert_eq!(gap("ledger"), None);
        assert_eq!(world.inventory.may_have_workloads(Some("shop"), &LabelSet::new()), None);
        assert!(world.inventory.may_exist(Kind::ServiceAccount, "shop", "cart").is_some());
    }

    #[test]
    fn complete_manifests_can_have_other_meshes() {
        let snapshot = Snapshot::of_texts([("a.yaml", BOOKS)]);
        let beside = Snapshot::of_texts([("b.yaml", SHARED)]);
        let complete = Settings { inventory: InventoryMode::Complete.into(), ..settings(&snapshot) };
        let mut definitions = Definitions::default();
        definitions.add("overlays/a", &snapshot, &complete);
        definitions.add("overlays/b", &beside, &complete);
        let partial = PartialNamespace { namespace: None, reason: "chart `charts/x` is not rendered".to_owned() };
        let surroundings = Surroundings::new(Arc::new(definitions), Arc::new(BTreeSet::from([0])), vec![partial]);
        let world = World::with_surroundings(&snapshot, complete, surroundings);
        assert!(world.inventory.service("shop", "shared").is_err(), "in the other mesh");
        assert!(world.makes_service("cart-canary.shop.svc.cluster.local"), "made from a resource of the other mesh");
        assert_eq!(world.inventory.service("shop", "other"), Ok(()), "nobody defines it");
        assert_eq!(world.inventory.service_entry("other", "example.org"), Ok(()), "nobody defines it");
    }

    #[test]
    fn partial_namespaces_have_unknown_resources() {
        let snapshot = Snapshot::of_texts([("a.yaml", BOOKS)]);
        let partial = |namespace: Option<&str>| {
            let reason = "chart `charts/x` is not rendered".to_owned();
            let partial = PartialNamespace { namespace: namespace.map(str::to_owned), reason };
            world(&snapshot, &[0, 1], vec![partial]).inventory.service("shop", "other").is_err()
        };
        assert!(partial(Some("shop")) && partial(None) && !partial(Some("elsewhere")));
    }
}
