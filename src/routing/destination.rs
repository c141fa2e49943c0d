//! Destinations: the cluster that each names, whether that exists, and the workloads behind it.

use super::endpoints;
use super::proxy::{Proxy, Role};
use super::undefined;
use super::upstream::Upstream;
use crate::model::Kind;
use crate::model::field::TextField;
use crate::model::networking::{Destination, Headers};
use crate::source::Span;
use crate::world::{
    Discovery, Gap, Origin, Protocol, Route, RouteTarget, Section, Service, ServicePort, VirtualService, Workload,
    World, host,
};

/// An Envoy cluster, by istiod's name: `outbound|port|subset|host`.
#[derive(Debug, Clone)]
pub struct Cluster<'a> {
    /// The full host name of the service.
    pub host: String,
    /// The subset; empty for the service as a whole.
    pub subset: String,
    /// The service port.
    pub port: u32,
    /// The service, if the manifests define it.
    pub service: Option<&'a Service<'a>>,
    /// The workloads behind the cluster, by name.
    pub workloads: Vec<&'a Workload<'a>>,
    /// The reason why requests cannot reach the cluster.
    pub problem: Option<ClusterProblem>,
    /// The reason why the cluster may exist although the manifests lack it, as they may not be complete.
    pub gap: Option<Gap>,
    /// The form of the name.
    pub naming: Naming,
    /// The reason why the service is assumed to exist, although no manifest defines it.
    pub assumption: Option<Assumption>,
    /// Whether requests go to the address that the client dialled, so that Envoy chooses no endpoint (Envoy:
    /// `ORIGINAL_DST`).
    pub is_dialled: bool,
    /// The traffic policy towards the cluster.
    pub upstream: Upstream<'a>,
}

/// A cluster and its share.
#[derive(Debug, Clone)]
pub struct Weighted<'a> {
    /// The cluster.
    pub cluster: Cluster<'a>,
    /// The weight, relative to the sum of all weights.
    pub weight: u64,
    /// The header operations of the destination.
    pub headers: Option<&'a Headers>,
}

/// The form of a cluster's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `outbound|port|subset|host`.
    Outbound,
    /// `outbound_.port_.subset_.host`, by which gateways match the server name of TLS.
    ServerName,
    /// `host:port`: a Service as clients without a proxy of the mesh see it.
    Service,
    /// `UnknownService`: the Gateway API does not allow the route to refer to the service.
    Unknown,
}

/// istiod's cluster for a destination that the Gateway API does not allow. No such cluster exists.
pub const UNKNOWN_SERVICE: &str = "UnknownService";

/// A reason why requests cannot reach a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterProblem {
    /// The cluster does not exist, because the host, port or subset is unknown: 503 with flag `NC`.
    NoCluster,
    /// The cluster has no endpoints: 503 with flag `UH`.
    NoEndpoints,
}

impl Cluster<'_> {
    /// The name.
    pub fn name(&self) -> String {
        let Self { port, subset, host, .. } = self;
        match self.naming {
            Naming::Outbound => format!("outbound|{port}|{subset}|{host}"),
            Naming::ServerName => self.server_name(),
            Naming::Service => format!("{host}:{port}"),
            Naming::Unknown => UNKNOWN_SERVICE.to_owned(),
        }
    }

    /// Whether proxies have the cluster.
    pub fn exists(&self) -> bool {
        self.problem != Some(ClusterProblem::NoCluster)
    }

    /// The server name that proxies of the mesh send in mutual TLS to the cluster (istiod: `BuildDNSSrvSubsetKey`).
    pub fn server_name(&self) -> String {
        let Self { port, subset, host, .. } = self;
        format!("outbound_.{port}_.{subset}_.{host}")
    }
}

/// A destination of a route.
pub(super) struct WeightedTarget<'a> {
    pub destination: Option<&'a Destination>,
    pub weight: Option<i32>,
    pub headers: Option<&'a Headers>,
}

/// The clusters of destinations. A single destination gets all requests; of several, those without a weight get none.
pub(super) fn weighted<'a>(
    proxy: &Proxy<'a>,
    section: Section,
    owner: &VirtualService<'_>,
    port: u32,
    targets: impl ExactSizeIterator<Item = WeightedTarget<'a>>,
) -> Vec<Weighted<'a>> {
    let is_single = targets.len() == 1;
    let weight =
        |written: Option<i32>| if is_single { 1 } else { written.and_then(|it| it.try_into().ok()).unwrap_or(0) };
    targets
        .map(|target| (weight(target.weight), target))
        .filter(|(weight, _)| *weight > 0)
        .filter_map(|(weight, target)| {
            let cluster = cluster(proxy, section, owner, port, target.destination?);
            Some(Weighted { cluster, weight, headers: target.headers })
        })
        .collect()
}

/// The clusters to which a gateway sends the requests of a route, with the places of their hosts. A cluster whose port
/// depends on the server of the gateway is left out, and so is one that requests cannot reach.
pub fn of_gateway_route<'a>(
    proxy: &Proxy<'a>,
    owner: &VirtualService<'_>,
    route: &Route<'_>,
) -> Vec<(Span, Cluster<'a>)> {
    const NO_SERVER: u32 = 0;
    let targets = route.targets();
    let is_single = targets.len() == 1;
    let is_used = |target: &&RouteTarget<'_>| is_single || target.weight.is_some_and(|weight| weight.value > 0);
    let destinations = targets.iter().filter(is_used).filter_map(|target| target.destination);
    let clusters = destinations.filter_map(|destination| {
        let cluster = cluster(proxy, route.section, owner, NO_SERVER, destination);
        Some((destination.host.as_ref()?.span, cluster)).filter(|(_, cluster)| cluster.problem.is_none())
    });
    clusters.collect()
}

/// The cluster that a destination of a VirtualService names (istiod: `GetDestinationCluster`). `port` is the service
/// port of a sidecar's listener, or the port of a gateway's server.
pub(super) fn cluster<'a>(
    proxy: &Proxy<'a>,
    section: Section,
    owner: &VirtualService<'_>,
    port: u32,
    destination: &Destination,
) -> Cluster<'a> {
    let own = owner.name.namespace.as_ref();
    if destination.host.is_none() && owner.origin != Origin::VirtualService {
        let refused = of_service(proxy, own, UNKNOWN_SERVICE.to_owned(), String::new(), port);
        return Cluster {
            naming: Naming::Unknown,
            problem: Some(ClusterProblem::NoCluster),
            gap: None,
            assumption: None,
            ..refused
        };
    }
    let full = owner.full_host(destination.host.text(), &proxy.world.settings).into_owned();
    let subset = destination.subset.as_ref().map(|subset| subset.value.clone()).unwrap_or_default();
    let named_port = destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
    let found = Found::new(proxy, section, own, &full, port);
    let port = named_port.or(found.only_port).unwrap_or(port);
    // istiod follows an ExternalName Service once, also to another one, which has no cluster.
    let host = found.external_name.map_or(full, str::to_owned);
    of_service(proxy, own, host, subset, port)
}

/// The service that istiod finds for the host of a destination.
#[derive(Default)]
struct Found<'a> {
    /// The host that it refers to, for an ExternalName Service.
    external_name: Option<&'a str>,
    /// Its only port. The services of a route table are cut to the port of the listener, so this is not known there.
    only_port: Option<u32>,
}

impl<'a> Found<'a> {
    fn new(proxy: &Proxy<'a>, section: Section, owner: &str, hostname: &str, port: u32) -> Self {
        match (&proxy.role, section) {
            (Role::Sidecar(_), Section::Http) if port != 0 => {
                let is_alias = |it: &Service<'_>| it.discovery == Discovery::Alias;
                let is_known_alias = proxy.world.services.named(hostname).any(is_alias);
                let service = if is_known_alias { proxy.route_service(hostname, port) } else { None };
                Self { external_name: service.and_then(Service::external_name), only_port: None }
            }
            (Role::Sidecar(_), Section::Http) => proxy.route_service(hostname, port).map(Self::of).unwrap_or_default(),
            // A gateway prefers a service in the namespace of the VirtualService (istiod:
            // `buildNameToServiceMapForHTTPRoutes`).
            (Role::Gateway, Section::Http) => {
                let beside = proxy.world.services.indexed(hostname, owner);
                let beside = beside.filter(|service| service.export_to.includes(&proxy.namespace));
                beside.map_or_else(|| Self::imported(proxy, hostname), Self::of)
            }
            (Role::Sidecar(_) | Role::Gateway, _) => Self::imported(proxy, hostname),
        }
    }

    fn of(service: &'a Service<'a>) -> Self {
        let only_port = match service.ports.as_slice() {
            [only] => Some(only.number),
            _ => None,
        };
        Self { external_name: service.external_name(), only_port }
    }

    fn imported(proxy: &Proxy<'a>, hostname: &str) -> Self {
        let Some(imported) = proxy.imported(hostname) else { return Self::default() };
        Self { external_name: imported.service.external_name(), only_port: imported.only_port() }
    }
}

/// The cluster of a service.
pub(super) fn of_service<'a>(
    proxy: &Proxy<'a>,
    referrer: &str,
    host: String,
    subset: String,
    port: u32,
) -> Cluster<'a> {
    let world = proxy.world;
    // Of merged services, the first gives the namespace and the settings, and one that has the port gives that.
    let imported = proxy.imported(&host);
    let having = imported.and_then(|imported| imported.port(port));
    let service = having.map(|having| having.service).or(imported.map(|imported| imported.service));
    let namespace = service.map(|service| service.namespace.as_str());
    let namespace = namespace
        .or_else(|| host::kubernetes_service(&host, &world.settings.domain).map(|(_, namespace)| namespace))
        .unwrap_or(referrer);
    let destination_rules = &world.destination_rules;
    let destination_rule = destination_rules.applying(&proxy.namespace, namespace, &host, Some(&proxy.label_set()));
    let found_subset =
        destination_rule.and_then(|it| destination_rules.subset(it, &subset)).filter(|_| !subset.is_empty());
    let of_rule = destination_rule.and_then(|it| destination_rules.traffic_policy(it));
    let of_subset = found_subset.and_then(|found| found.subset.traffic_policy.as_ref());
    let lacks_subset = !subset.is_empty() && found_subset.is_none();
    let undefined_subset =
        if lacks_subset { undefined::subset(proxy, namespace, &host, destination_rule.is_some()) } else { None };
    let is_unknown = service.is_none() && world.services.named(&host).next().is_none();
    let assumption = if is_unknown { Assumption::new(proxy.world, &host, port) } else { None };
    let is_assumed = assumption.is_some();
    let backend_tls = destination_rules.backend_tls(&proxy.namespace, (namespace, &host), port, destination_rule);
    let mut cluster = Cluster {
        upstream: Upstream::with_backend_tls(of_rule, of_subset, port, backend_tls),
        workloads: Vec::new(),
        problem: None,
        gap: None,
        host,
        subset,
        port,
        service,
        assumption,
        is_dialled: false,
        naming: Naming::Outbound,
    };
    if lacks_subset {
        cluster.problem = Some(ClusterProblem::NoCluster);
        cluster.gap = undefined_subset.and_then(|gap| match having.is_some() || is_assumed {
            true => Some(gap),
            // The service may be missing among the manifests, as the subset is.
            false => undefined::service(world, &cluster.host).filter(|_| service.is_none()),
        });
        return cluster;
    }
    match having.map(|having| having.service) {
        // An alias that is not resolved has no cluster (istiod: `buildOutboundClusters`).
        Some(service) if service.discovery == Discovery::Alias => cluster.problem = Some(ClusterProblem::NoCluster),
        Some(service) if service.is_looked_up() => {
            let can_be = |port: &ServicePort| {
                matches!(port.protocol, Protocol::Http | Protocol::Http2 | Protocol::Grpc | Protocol::Tls)
            };
            let exists = cluster.subset.is_empty() && service.port(port).is_some_and(can_be);
            cluster.problem = (!exists).then_some(ClusterProblem::NoCluster);
        }
        Some(service) => endpoints::add(proxy, service, found_subset, &mut cluster),
        None if is_assumed => {}
        None => {
            cluster.problem = Some(ClusterProblem::NoCluster);
            cluster.gap = undefined::service(world, &cluster.host).filter(|_| service.is_none());
        }
    }
    cluster
}

/// The cluster of a Service that a controller makes with a port, for a sidecar that imports all services. Whether the
/// listeners of a Sidecar resource import the Service depends on more than its name.
pub fn of_made_service<'a>(proxy: &Proxy<'a>, hostname: &str, port: u32) -> Option<Cluster<'a>> {
    let Role::Sidecar(scope) = &proxy.role else { return None };
    let is_made = || matches!(Assumption::new(proxy.world, hostname, port), Some(Assumption::Made(_)));
    let is_free = scope.sidecar.is_none() && proxy.world.services.named(hostname).next().is_none();
    (is_free && is_made()).then(|| of_service(proxy, &proxy.namespace, hostname.to_owned(), String::new(), port))
}

/// The cluster for unknown destinations, if the Sidecar resource names one (istiod: `egressProxy`).
pub fn egress_proxy<'a>(proxy: &Proxy<'a>) -> Option<Cluster<'a>> {
    let Role::Sidecar(scope) = &proxy.role else { return None };
    let written = scope.egress_proxy?;
    let host = written.host.as_ref()?.value.clone();
    let subset = written.subset.as_ref().map(|subset| subset.value.clone()).unwrap_or_default();
    let port = written.port.as_ref().and_then(|port| port.number).map_or(0, |number| number.value);
    Some(of_service(proxy, &proxy.namespace, host, subset, port))
}

/// A reason why a service is assumed to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assumption {
    /// No Service is among the manifests. Then they do not describe the cluster, and each host of Kubernetes is assumed to
    /// be a service with every port.
    NoServices,
    /// The controller of this resource makes the Service with the port.
    Made(String),
    /// The endpoints of the subset have this label, which istiod adds to endpoints.
    Labelled(String),
    /// The Service may exist, for this reason.
    Possible(Gap),
}

impl Assumption {
    /// Why the service of a full host name, which no manifest defines, is assumed to exist.
    pub fn new(world: &World<'_>, hostname: &str, port: u32) -> Option<Self> {
        let (name, namespace) = host::kubernetes_service(hostname, &world.settings.domain)?;
        // Names of Services have no capitals, and istiod compares the hosts of clusters with regard to case.
        if hostname.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        if let Some(made) = world.inventory.makers().service(namespace, name)
            && made.ports.contains(&port)
        {
            return Some(Self::Made(made.maker.to_owned()));
        }
        if !world.inventory.knows_services() {
            return Some(Self::NoServices);
        }
        world.inventory.may_exist(Kind::Service, namespace, name).map(Self::Possible)
    }
}
