//! The resources that the manifests can be expected to define completely.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gap, Gateway, Makers, Registry, Settings, Surroundings, Unknowns, Workload, host, makers};
use crate::config::{InventoryMode, InventorySetting, Known};
use crate::model::spelling::misspelt;
use crate::model::{Kind, LabelSet, Resource};

/// The completeness of the manifests. They often have only a part of the resources in the cluster. So a missing resource is
/// a mistake only if the manifests have others of its kind in the namespace: then they count as complete for that kind and
/// namespace, unless a controller may make more of them, or another mesh of the repository defines them. With `inventory` in
/// `.mesh.yaml`, the user declares that they are complete or not, everywhere or in some namespaces.
#[derive(Debug)]
pub struct Inventory {
    declared: InventorySetting,
    known: Known,
    services: BTreeSet<String>,
    /// The names of the Services in each namespace.
    service_names: BTreeMap<String, BTreeSet<String>>,
    service_entries: BTreeSet<String>,
    workloads: BTreeSet<String>,
    gateways: BTreeSet<String>,
    service_accounts: BTreeSet<String>,
    namespaces: bool,
    makers: Makers,
    surroundings: Surroundings,
    /// The resources whose names are not known yet.
    pub unknowns: Unknowns,
}

/// Services that installations of Istio make, in namespaces whose names start with `istio`. Others install them than those
/// who write routes.
const INSTALLED: [&str; 17] = [
    "istio-ingressgateway",
    "istio-egressgateway",
    "istio-eastwestgateway",
    "istio-ingress",
    "istio-egress",
    "istio-gateway",
    "istio-ilbgateway",
    "knative-local-gateway",
    "cluster-local-gateway",
    "kiali",
    "grafana",
    "prometheus",
    "zipkin",
    "tracing",
    "jaeger-collector",
    "jaeger-query",
    "loki",
];

impl Inventory {
    pub(super) fn new(
        resources: &[&Resource],
        services: &Registry<'_>,
        workloads: &[Workload<'_>],
        gateways: &[Gateway<'_>],
        settings: &Settings,
        (makers, mut surroundings): (Makers, Surroundings),
        unknowns: Unknowns,
    ) -> Self {
        let of_kind = |kind| resources.iter().filter(move |resource| resource.kind == kind);
        let namespaces_of = |kubernetes: bool| {
            let of_api = services.iter().filter(move |service| service.is_kubernetes() == kubernetes);
            of_api.map(|service| service.namespace.clone()).collect()
        };
        surroundings.leave_only_manifests(&settings.inventory);
        let mut service_names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for service in of_kind(Kind::Service) {
            let of_namespace = service_names.entry(settings.namespace_of(service).to_owned()).or_default();
            of_namespace.insert(service.name().to_owned());
        }
        Self {
            service_names,
            declared: settings.inventory.clone(),
            known: settings.known.clone(),
            services: namespaces_of(true),
            service_entries: namespaces_of(false),
            // Those outside of Kubernetes do not show that the pods of the namespace are here.
            workloads: workloads
                .iter()
                .filter(|it| !matches!(it.resource.kind, Kind::WorkloadGroup | Kind::WorkloadEntry))
                .map(|workload| workload.name.namespace.to_string())
                .collect(),
            gateways: gateways.iter().map(|gateway| gateway.name.namespace.to_string()).collect(),
            service_accounts: of_kind(Kind::ServiceAccount).map(|it| settings.namespace_of(it).to_owned()).collect(),
            namespaces: of_kind(Kind::Namespace).next().is_some(),
            makers,
            surroundings,
            unknowns,
        }
    }

    /// The resources that controllers make from those of the manifests.
    pub fn makers(&self) -> &Makers {
        &self.makers
    }

    /// Whether a controller makes a resource of that name, or the user declares that the resource exists.
    pub fn makes(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        self.knows(kind, namespace, name)
            || self.makers.makes(kind, namespace, name)
            || self.surroundings.makes(kind, namespace, name)
    }

    /// Whether the user declares that a resource exists.
    fn knows(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        let names = self.known.services.get(namespace);
        kind == Kind::Service && names.is_some_and(|names| names.iter().any(|known| known == name))
    }

    /// Whether the user declares that a host exists.
    pub fn knows_host(&self, host: &str) -> bool {
        self.known.hosts.iter().any(|known| host == known || host::covered_by(host, known))
    }

    /// The reason why a resource of that name may exist although the manifests lack it.
    pub fn may_exist(&self, kind: Kind, namespace: &str, name: &str) -> Option<Gap> {
        if self.knows(kind, namespace, name) {
            return Some(Gap::Known(format!("{} `{namespace}/{name}`", kind.name())));
        }
        let is_sure = |_: &Gap| !self.is_complete_in(namespace) || self.makers.makes(kind, namespace, name);
        let made = self.makers.may_make(kind, namespace, name).filter(is_sure);
        let like_made = || {
            self.unless_complete(Some(namespace), || self.like_made(namespace, name)).filter(|_| kind == Kind::Service)
        };
        made.or_else(|| self.surroundings.may_define(kind, namespace, name)).or_else(like_made)
    }

    /// The reason why a controller may make a Service, if its name ends like those of a known one and is not a misspelling.
    fn like_made(&self, namespace: &str, name: &str) -> Option<Gap> {
        let ending = makers::ending(name)?;
        let names = self.service_names.get(namespace).into_iter().flatten().map(String::as_str);
        let names = names.filter(|other| other.ends_with(ending));
        misspelt(name, names).is_none().then(|| Gap::LikeMade(format!("{namespace}/{name}"), ending))
    }

    /// The reason why a Namespace or a workload may ask for a sidecar although that of the manifests does not.
    pub fn may_inject(&self, kind: Kind, namespace: &str, name: &str) -> Option<Gap> {
        self.surroundings.may_inject(kind, namespace, name)
    }

    /// The reason why a resource of a kind may exist in a namespace although the manifests lack it.
    pub fn may_have_more(&self, kind: Kind, namespace: &str) -> Option<Gap> {
        let made = self.unless_complete(Some(namespace), || self.makers.makes_any(kind, namespace));
        made.or_else(|| self.surroundings.may_define_any(kind, namespace))
    }

    /// A reason that does not count if the user declares the manifests of a namespace, or of all, to be complete. Even then
    /// another mesh of them may have something.
    fn unless_complete(&self, namespace: Option<&str>, reason: impl FnOnce() -> Option<Gap>) -> Option<Gap> {
        let is_complete = namespace.map_or_else(|| self.is_complete(), |namespace| self.is_complete_in(namespace));
        if is_complete { None } else { reason() }
    }

    /// Whether the user declares the manifests of all namespaces to be complete.
    pub fn is_complete(&self) -> bool {
        self.declared.is_everywhere(InventoryMode::Complete)
    }

    /// Whether the user declares the manifests of a namespace to be complete.
    pub fn is_complete_in(&self, namespace: &str) -> bool {
        self.declared.of(namespace) == Some(InventoryMode::Complete)
    }

    /// Whether the user declares that the manifests have only a part of the resources in the cluster, or in a namespace of it.
    pub fn is_partial(&self) -> bool {
        self.declared.is_anywhere(InventoryMode::Partial)
    }

    /// Whether the manifests alone decide which namespaces are complete, as the user does not say it.
    pub fn is_decided_by_manifests(&self) -> bool {
        self.declared.others.is_none()
    }

    /// The mode that the user declares for the namespace that a gap is about, or for all.
    fn declared_for(&self, gap: &Gap) -> Option<InventoryMode> {
        match gap.namespace() {
            Some(namespace) => self.declared.of(namespace),
            None if self.is_partial() => Some(InventoryMode::Partial),
            None => self.is_complete().then_some(InventoryMode::Complete),
        }
    }

    /// Whether something that the manifests lack does not exist. `any` says whether they define others like it, in whose
    /// company it would be expected; `gap` is the reason if they do not.
    pub fn expect(&self, any: bool, gap: Gap) -> Result<(), Gap> {
        self.unknowns.expect_instead_of(&gap)?;
        match self.declared_for(&gap) {
            Some(InventoryMode::Complete) => Ok(()),
            None if any => Ok(()),
            None | Some(InventoryMode::Partial) => Err(gap),
        }
    }

    /// The reason why the manifests may have something that they seem to lack: the user declares that they have only a part
    /// of it, which `gap` says, or some of it has placeholders.
    pub fn may_lack(&self, gap: Gap) -> Option<Gap> {
        let is_partial = self.declared_for(&gap) == Some(InventoryMode::Partial);
        self.unknowns.expect_instead_of(&gap).err().or(is_partial.then_some(gap))
    }

    fn expect_in(&self, kind: Kind, namespaces: &BTreeSet<String>, namespace: &str) -> Result<(), Gap> {
        self.expect_kind(namespaces.contains(namespace), kind, namespace)
    }

    /// Whether a resource of a kind that the manifests lack in a namespace does not exist. `any` says whether they have others
    /// there, in whose company it would be expected.
    pub fn expect_kind(&self, any: bool, kind: Kind, namespace: &str) -> Result<(), Gap> {
        let gap = if any { Gap::NotAllResources } else { Gap::NoResources };
        self.expect(any, gap(kind, namespace.to_owned()))
    }

    fn expect_one(&self, kind: Kind, namespaces: &BTreeSet<String>, namespace: &str, name: &str) -> Result<(), Gap> {
        let listed = self.expect_in(kind, namespaces, namespace);
        match self.may_exist(kind, namespace, name) {
            Some(gap) => Err(gap),
            // The manifests that are missing may be among those of another mesh.
            None => listed.map_err(|gap| self.may_have_more(kind, namespace).unwrap_or(gap)),
        }
    }

    fn expect_all(&self, kind: Kind, namespaces: &BTreeSet<String>, namespace: &str) -> Result<(), Gap> {
        self.expect_in(kind, namespaces, namespace)?;
        self.may_have_more(kind, namespace).map_or(Ok(()), Err)
    }

    /// Whether the manifests have the Services of a namespace, but for those that controllers and other meshes may add.
    pub fn lists_services(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_in(Kind::Service, &self.services, namespace)
    }

    /// Whether all Services of a namespace that the manifests lack do not exist.
    pub fn services(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_all(Kind::Service, &self.services, namespace)
    }

    /// Whether a Service that the manifests lack does not exist.
    pub fn service(&self, namespace: &str, name: &str) -> Result<(), Gap> {
        self.expect_one(Kind::Service, &self.services, namespace, name)?;
        let is_installed = namespace.starts_with("istio") && INSTALLED.contains(&name);
        if is_installed && !self.is_complete_in(namespace) {
            return Err(Gap::Installed(format!("{namespace}/{name}")));
        }
        Ok(())
    }

    /// Whether all ServiceEntries of a namespace that the manifests lack do not exist.
    pub fn service_entries(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_all(Kind::ServiceEntry, &self.service_entries, namespace)
    }

    /// Whether a ServiceEntry for a host that the manifests lack does not exist. `namespace` is that of the reference.
    pub fn service_entry(&self, namespace: &str, host: &str) -> Result<(), Gap> {
        self.expect_in(Kind::ServiceEntry, &self.service_entries, namespace)?;
        let elsewhere = self.may_have_host(host);
        let unknown =
            || self.unless_complete(Some(namespace), || self.makers.makes_unknown(Kind::ServiceEntry, namespace));
        elsewhere.or_else(unknown).or_else(|| self.surroundings.partial(namespace)).map_or(Ok(()), Err)
    }

    /// Whether no other DestinationRule applies to a host.
    pub fn destination_rules(&self, host: &str) -> Result<(), Gap> {
        match self.is_partial() {
            true => Err(Gap::NotAllOfKind(Kind::DestinationRule)),
            false => self.surroundings.may_define_rule(host).map_or(Ok(()), Err),
        }
    }

    /// The reason why a ServiceEntry for a host may exist: the user declares it, or another mesh has it.
    pub fn may_have_host(&self, host: &str) -> Option<Gap> {
        if self.knows_host(host) {
            return Some(Gap::Known(format!("host `{host}`")));
        }
        self.surroundings.may_define_host(host)
    }

    /// Whether a Gateway that the manifests lack does not exist.
    pub fn gateway(&self, namespace: &str, name: &str) -> Result<(), Gap> {
        self.expect_one(Kind::Gateway, &self.gateways, namespace, name)
    }

    /// Whether all Gateways of a namespace that the manifests lack do not exist.
    pub fn gateways(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_all(Kind::Gateway, &self.gateways, namespace)
    }

    /// Whether the manifests have the ServiceAccounts of a namespace, but for those that controllers and other meshes may
    /// add.
    pub fn lists_service_accounts(&self, namespace: &str) -> bool {
        self.expect_in(Kind::ServiceAccount, &self.service_accounts, namespace).is_ok()
    }

    /// Whether a ServiceAccount that the manifests lack does not exist.
    pub fn service_account(&self, namespace: &str, name: &str) -> Result<(), Gap> {
        self.expect_one(Kind::ServiceAccount, &self.service_accounts, namespace, name)
    }

    /// Whether a resource that the manifests lack does not exist. `any` says whether they have others of its kind in the
    /// namespace; `gap` is the reason if they do not.
    pub fn expect_named(&self, kind: Kind, namespace: &str, name: &str, any: bool, gap: Gap) -> Result<(), Gap> {
        self.expect(any, gap)?;
        self.may_exist(kind, namespace, name).map_or(Ok(()), Err)
    }

    /// Whether the manifests have the workloads of a namespace, but for those that controllers and other meshes may add.
    pub fn lists_workloads(&self, namespace: &str) -> Result<(), Gap> {
        let any = self.workloads.contains(namespace);
        let gap = if any { Gap::NotAllWorkloads } else { Gap::NoWorkloads };
        self.expect(any, gap(namespace.to_owned()))
    }

    /// Whether all workloads of a namespace that the manifests lack do not exist.
    pub fn workloads(&self, namespace: &str) -> Result<(), Gap> {
        self.lists_workloads(namespace)?;
        self.may_have_workloads(Some(namespace), &LabelSet::new()).map_or(Ok(()), Err)
    }

    /// Whether a workload with some labels that the manifests lack does not exist in a namespace.
    pub fn workloads_with(&self, namespace: &str, labels: &LabelSet<'_>) -> Result<(), Gap> {
        self.lists_workloads(namespace)?;
        self.may_have_workloads(Some(namespace), labels).map_or(Ok(()), Err)
    }

    /// The reason why workloads whose known labels a selector matches exist although the manifests lack them.
    pub fn has_other_workloads(&self, namespace: &str, labels: &LabelSet<'_>) -> Option<Gap> {
        let made = self.unless_complete(Some(namespace), || self.makers.makes_known_pods(namespace, labels));
        made.or_else(|| self.surroundings.has_workloads(namespace, labels))
    }

    /// The reason why a DestinationRule for a host of a namespace may exist although the manifests lack it.
    pub fn may_have_destination_rule(&self, namespace: &str, host: &str) -> Option<Gap> {
        let made =
            self.unless_complete(Some(namespace), || self.makers.makes_unknown(Kind::DestinationRule, namespace));
        let elsewhere = || self.surroundings.may_define_rule(host);
        made.or_else(elsewhere).or_else(|| self.surroundings.partial(namespace))
    }

    /// The reason why workloads with some labels may exist although the manifests lack them, in a namespace or in any.
    pub fn may_have_workloads(&self, namespace: Option<&str>, labels: &LabelSet<'_>) -> Option<Gap> {
        let made = self.unless_complete(namespace, || self.makers.makes_pods(namespace, labels));
        made.or_else(|| self.surroundings.may_have_workloads(namespace, labels))
    }

    /// Whether a Namespace that the manifests lack does not exist.
    pub fn namespaces(&self) -> Result<(), Gap> {
        let gap = if self.namespaces { Gap::NotAllOfKind } else { Gap::NoneOfKind };
        self.expect(self.namespaces, gap(Kind::Namespace))
    }

    /// Whether the name of a Namespace occurs outside of the manifests: a controller makes it, or another mesh has it.
    pub fn may_have_namespace(&self, name: &str) -> bool {
        self.makers.makes(Kind::Namespace, "", name)
            || self.surroundings.may_define(Kind::Namespace, "", name).is_some()
    }

    /// Whether the manifests define a Service, or no Service exists.
    pub fn knows_services(&self) -> bool {
        self.is_complete() || !self.services.is_empty()
    }
}
