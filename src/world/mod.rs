//! The resolved mesh: every reference resolved once, as istiod does after all manifests are applied.
//!
//! The rules and the router look up services by host, Gateways by name, the VirtualServices that a namespace sees, and
//! the DestinationRule that applies. Lists are in istiod's "creation order": by creation time if the resources have
//! any, else by name, then namespace.

mod aliases;
mod assumed;
mod attachment;
mod authorizer;
mod backend_tls;
mod clients;
mod credential;
pub mod derived;
mod destination_rule;
mod destinations;
mod egress;
mod gap;
mod gateway;
mod gateway_group;
mod gateway_names;
mod gateway_topology;
pub mod host;
mod injector;
mod inventory;
mod makers;
mod match_ports;
mod names;
mod namespace;
mod namespace_labels;
mod neighbourhood;
mod other_ports;
mod policies;
mod presumed;
mod protocol;
mod registry;
mod repository;
mod retries;
mod rollouts;
mod route;
mod selection;
mod server;
mod service;
mod settings;
mod sidecar;
mod surroundings;
mod topology;
mod unknowns;
mod virtual_service;
mod visibility;
mod waypoint;
mod workload;
mod workload_index;

pub use assumed::Assumed;
pub use attachment::Attachment;
pub use authorizer::{Authorizer, UnusableProvider};
pub use backend_tls::BackendTls;
pub use clients::Client;
pub use credential::{Credential, GENERIC_PAIR, Secrets, TLS_PAIR};
pub use derived::{Derived, Ignored, Omission};
pub use destination_rule::{ClientTls, DestinationRule, DestinationRules, MergedRule, MergedSubset};
pub use destinations::DestinationRef;
pub use egress::{EgressHost, EgressHosts};
pub use gap::Gap;
pub use gateway::{GATEWAY_NAME_LABEL, Gateway, GatewayName};
pub use gateway_group::GatewayGroups;
pub use gateway_topology::{CertificateHeader, GatewayTopology};
pub use injector::{Injector, Injectors};
pub use inventory::Inventory;
pub use makers::{MadeService, Makers};
pub use match_ports::MatchPorts;
pub use names::{NamespacedName, resolve_gateway_name};
pub use namespace::{DataPlane, Namespaces};
pub use other_ports::OtherPort;
pub use policies::{
    AuthorizationPolicy, Mtls, MtlsMode, PeerAuthentication, Policies, Policy, RequestAuthentication, Targeted,
    WAYPOINT_FOR_SERVICE, WorkloadMtls,
};
pub use presumed::ClientDataPlane;
pub use protocol::{Protocol, ProtocolClass};
pub use registry::{AliasEnd, Registry};
pub use repository::resolve;
pub use retries::RetryPolicy;
pub use rollouts::Rollouts;
pub use route::{Route, RouteMatch, RouteTarget, Section};
pub use selection::WorkloadPort;
pub use server::{Server, ServerHost};
pub use service::{Discovery, Service, ServicePort};
pub use settings::{DefaultProviders, EntryVisibility, IngressMode, IngressSettings, PathNormalization, Settings};
pub use sidecar::Sidecar;
pub use surroundings::{Definitions, PartialNamespace, Surroundings};
pub use topology::{Selected, is_added_label, is_endpoint_selected};
pub use unknowns::Unknowns;
pub use virtual_service::{Bound, Origin, Refusal, RefusedBackend, RuleSource, VirtualService};
pub use visibility::ExportTo;
pub use waypoint::{Enrolment, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE, WAYPOINT_FOR, Waypoints};
pub use workload::Workload;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use namespace_labels::NamespaceLabels;
use neighbourhood::Neighbourhoods;
use selection::Selection;
use workload_index::WorkloadIndex;

use crate::load::Snapshot;
use crate::model::field::TextField;
use crate::model::{Kind, LabelSet, Resource};
use crate::source::Span;

/// All resources of the manifests, resolved. Lists are in creation order.
#[derive(Debug)]
pub struct World<'a> {
    /// The manifests.
    pub snapshot: &'a Snapshot,
    /// The mesh-wide settings.
    pub settings: Settings,
    /// The VirtualServices.
    pub virtual_services: Vec<VirtualService<'a>>,
    /// The DestinationRules.
    pub destination_rules: DestinationRules<'a>,
    /// The Gateways.
    pub gateways: Vec<Gateway<'a>>,
    /// The Gateway API Gateways.
    pub kubernetes_gateways: BTreeMap<NamespacedName<'a>, &'a Resource>,
    /// The resources that istiod derives from the Gateway API and from Ingresses. The rules check what users write; the
    /// router uses both.
    pub derived: Derived<'a>,
    /// The services: Kubernetes Services and those of ServiceEntries.
    pub services: Registry<'a>,
    /// The Sidecar resources.
    pub sidecars: Vec<Sidecar<'a>>,
    /// The namespaces.
    pub namespaces: Namespaces<'a>,
    /// The ServiceAccounts.
    pub service_accounts: BTreeSet<NamespacedName<'a>>,
    /// The Secrets.
    pub secrets: Secrets<'a>,
    /// The workloads: pods as described by their templates, WorkloadEntries and WorkloadGroups.
    pub workloads: Vec<Workload<'a>>,
    /// The resources that Argo Rollouts manage.
    pub rollouts: Rollouts,
    /// The Gateways that can be waypoints.
    pub waypoints: Waypoints<'a>,
    /// The policies.
    pub policies: Policies<'a>,
    /// The resources that configure the proxies of workloads.
    pub attachments: Vec<Attachment<'a>>,
    /// The resources that the manifests can be expected to define completely.
    pub inventory: Inventory,
    /// The services that are assumed because the manifests define none.
    pub assumed: Assumed,
    gateways_by_name: HashMap<NamespacedName<'a>, usize>,
    workload_index: WorkloadIndex<'a>,
    sidecars_by_namespace: HashMap<String, Vec<usize>>,
    selection: Selection<'a>,
    virtual_services_by_name: HashMap<NamespacedName<'a>, usize>,
    /// The places of resources that have other, different definitions. Of several definitions, the one that counts.
    ambiguous: BTreeSet<Span>,
    neighbourhoods: Neighbourhoods,
}

impl<'a> World<'a> {
    /// Resolves the manifests.
    pub fn new(snapshot: &'a Snapshot, settings: Settings) -> Self {
        Self::with_surroundings(snapshot, settings, Surroundings::default())
    }

    /// Resolves the manifests of a mesh, with what may be in the cluster beside them.
    pub fn with_surroundings(snapshot: &'a Snapshot, settings: Settings, surroundings: Surroundings) -> Self {
        let (resources, ambiguous) = in_creation_order(snapshot, &settings);
        let resources = NamespaceLabels::discovered(resources, &settings);
        let services = Registry::new(&resources, &settings);
        let rollouts = Rollouts::new(&snapshot.foreign, &settings);
        let workloads = workload::workloads(&resources, &rollouts, &settings);
        let gateways = gateway::gateways(&resources, &settings);
        let virtual_services = virtual_service::virtual_services(&resources, &settings);
        let derived = Derived::new(&resources, &services, &settings);
        let unknowns = Unknowns::new(snapshot, &settings);
        let beside = (Makers::new(snapshot, &settings), surroundings);
        let inventory = Inventory::new(&resources, &services, &workloads, &gateways, &settings, beside, unknowns);
        let routes = virtual_services.iter().chain(&derived.virtual_services);
        let sidecars = sidecar::sidecars(&resources, &settings);
        let mut world = Self {
            snapshot,
            assumed: Assumed::new(&inventory, &services, routes, &settings.domain),
            virtual_services_by_name: by_name(virtual_services.iter().map(|it| &it.name)),
            virtual_services,
            destination_rules: DestinationRules::new(&resources, &settings),
            inventory,
            namespaces: Namespaces::new(&resources, &snapshot.foreign, &settings),
            service_accounts: service_accounts(&resources, &settings),
            gateways_by_name: by_name(gateways.iter().map(|gateway| &gateway.name)),
            policies: Policies::new(&resources, &settings),
            derived,
            waypoints: Waypoints::new(&resources, &settings),
            attachments: attachment::attachments(&resources, &settings),
            selection: Selection::new(&workloads, &gateways),
            gateways,
            workload_index: WorkloadIndex::new(&workloads),
            sidecars_by_namespace: sidecar::by_namespace(&sidecars),
            sidecars,
            kubernetes_gateways: of_kind(&resources, Kind::KubernetesGateway, &settings).collect(),
            rollouts,
            secrets: Secrets::new(&resources, &settings),
            services,
            workloads,
            settings,
            ambiguous,
            neighbourhoods: Neighbourhoods::default(),
        };
        world.neighbourhoods = Neighbourhoods::new(&world);
        world
    }

    /// Whether the manifests define the resource in several, different ways. References to such a resource cannot be
    /// checked, since one definition may have what the other lacks.
    pub fn is_ambiguous(&self, resource: &Resource) -> bool {
        self.ambiguous.contains(&resource.span)
    }

    /// Whether the resources are certainly applied together. Files that do not name the namespace may be alternatives.
    pub fn are_together(&self, resources: &[&Resource]) -> bool {
        let first = resources.first().map(|resource| resource.span.file);
        self.snapshot.applied_together
            || resources.iter().all(|it| Some(it.span.file) == first)
            || resources.iter().all(|it| it.metadata.namespace.is_some())
    }

    /// The namespace of a resource.
    pub fn namespace_of(&self, resource: &'a Resource) -> &str {
        self.settings.namespace_of(resource)
    }

    /// The Gateway of that name.
    pub fn gateway(&self, name: &NamespacedName<'_>) -> Option<&Gateway<'a>> {
        self.gateways_by_name.get(name).map(|&index| &self.gateways[index])
    }

    /// A workload with these labels, preferably with no other labels. It represents all workloads like it.
    pub fn workload_with(&self, namespace: &str, labels: &LabelSet<'_>) -> Option<&Workload<'a>> {
        let has_labels =
            |workload: &&Workload<'_>| labels.iter().all(|(key, value)| workload.labels.get(key) == Some(value));
        let mut candidates = self.labelled_like(namespace, labels).filter(has_labels);
        candidates.clone().find(|workload| workload.labels == *labels).or_else(|| candidates.next())
    }

    /// The VirtualService of that name.
    pub fn virtual_service(&self, name: &NamespacedName<'_>) -> Option<&VirtualService<'a>> {
        self.virtual_services_by_name.get(name).map(|&index| &self.virtual_services[index])
    }

    /// Whether a service has a host, or one of the VirtualServices that are wanted routes for it. A Kubernetes Service can
    /// lack the end of its name: `reviews`, `reviews.shop` and `reviews.shop.svc` are all `reviews.shop.svc.cluster.local`.
    pub fn knows_host(&self, name: &str, is_wanted: impl Fn(&VirtualService<'_>) -> bool) -> bool {
        let is_short_for = |known: &str| {
            known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
                && host::kubernetes_service(known, &self.settings.domain).is_some()
        };
        let is_meant = |known: &str| host::covered_by(name, known) || is_short_for(known);
        let routes = self.all_virtual_services();
        routes.filter(|it| is_wanted(it)).flat_map(|it| &it.hosts).any(|known| is_meant(&known.value))
            || self.services.iter().any(|service| is_meant(&service.hostname))
    }

    /// The workloads that a Gateway selects, in any namespace. A Gateway without a selector applies to every gateway
    /// workload. The manifests do not show which workloads these are, so the result is empty.
    pub fn workloads_of_gateway(&self, gateway: &Gateway<'_>) -> impl Iterator<Item = &Workload<'a>> {
        let selector = &gateway.spec.selector;
        self.workloads.iter().filter(move |workload| !selector.is_empty() && workload.is_selected_by(selector))
    }

    /// The workloads behind a service. `None` if the manifests do not define them: for a Service without a selector,
    /// and for a ServiceEntry with endpoints or DNS.
    pub fn workloads_of_service(&self, service: &Service<'a>) -> Option<Vec<&Workload<'a>>> {
        let selector = service.selector.filter(|selector| !selector.is_empty())?;
        Some(self.workloads_selected(Some(&service.namespace), selector))
    }
}

/// The resources of a kind, with their names.
fn of_kind<'r, 'a>(
    resources: &'r [&'a Resource],
    kind: Kind,
    settings: &'r Settings,
) -> impl Iterator<Item = (NamespacedName<'a>, &'a Resource)> + use<'r, 'a> {
    let of_kind = resources.iter().filter(move |resource| resource.kind == kind);
    of_kind.map(|&it| (NamespacedName::new(settings.namespace_of(it).to_owned(), it.name()), it))
}

fn service_accounts<'a>(resources: &[&'a Resource], settings: &Settings) -> BTreeSet<NamespacedName<'a>> {
    of_kind(resources, Kind::ServiceAccount, settings).map(|(name, _)| name).collect()
}

fn by_name<'a: 'n, 'n>(names: impl Iterator<Item = &'n NamespacedName<'a>>) -> HashMap<NamespacedName<'a>, usize> {
    names.enumerate().map(|(index, name)| (name.clone(), index)).collect()
}

/// All resources by creation time, then name, then namespace, as istiod orders them. Manifests rarely have creation
/// times, so these are usually equal. Of several definitions of a resource, the last one counts, as if the files were
/// applied in order. The resource is ambiguous if its definitions differ.
fn in_creation_order<'a>(snapshot: &'a Snapshot, settings: &Settings) -> (Vec<&'a Resource>, BTreeSet<Span>) {
    let mut last: BTreeMap<(&str, String, Kind), &Resource> = BTreeMap::new();
    let mut nameless = Vec::new();
    let mut ambiguous = BTreeSet::new();
    // Nothing is known about the neighbours of a resource whose namespace is not known yet.
    let in_namespace = |resource: &&Resource| !snapshot.placeholders.hide_namespace(resource);
    for resource in snapshot.resources().filter(in_namespace) {
        // istioctl reads IstioOperators from files, whatever their names are.
        let has_name = !resource.name().is_empty() && resource.kind != Kind::IstioOperator;
        if !has_name || snapshot.placeholders.hide_name(resource) {
            nameless.push(resource);
            continue;
        }
        let identity = (resource.name(), settings.namespace_of(resource).to_owned(), resource.kind);
        if let Some(earlier) = last.insert(identity, resource)
            && (ambiguous.contains(&earlier.span) || !snapshot.are_equal(earlier, resource))
        {
            ambiguous.insert(resource.span);
        }
    }
    let mut resources: Vec<&Resource> = nameless.into_iter().chain(last.into_values()).collect();
    resources.sort_by_key(|resource| creation_time(resource));
    (resources, ambiguous)
}

/// The creation time of a resource; empty if the manifest has none. RFC 3339 times in UTC sort as text.
fn creation_time(resource: &Resource) -> &str {
    resource.metadata.creation_timestamp.text()
}
