//! Services: those of Kubernetes and those that ServiceEntries add.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::visibility::ExportTo;
use super::{Protocol, Settings, Workload, host};
use crate::model::field::TextField;
use crate::model::kubernetes::{self, TargetPort};
use crate::model::networking::{self, Location, Resolution, WorkloadEntry};
use crate::model::{LabelSet, Labels, Resource, Spec};
use crate::source::{Span, Spanned};

/// A service under one host name (istiod: `model.Service`).
#[derive(Debug)]
pub struct Service<'a> {
    /// The full host name, such as `reviews.default.svc.cluster.local`, or a wildcard of a ServiceEntry.
    pub hostname: String,
    /// Where the host name comes from: the Service's name, or the entry of `hosts`.
    pub span: Span,
    /// The namespace.
    pub namespace: String,
    /// The Service or ServiceEntry.
    pub resource: &'a Resource,
    /// The ports.
    pub ports: Vec<ServicePort>,
    /// How proxies find endpoints.
    pub discovery: Discovery,
    /// Who sees it.
    pub export_to: ExportTo,
    /// The labels of its workloads; `None` if it has no selector.
    pub selector: Option<&'a Labels>,
    /// The addresses that it is known under, as written; none of a headless Service.
    pub addresses: Vec<&'a str>,
    /// An address that stands for the one that manifests leave to the cluster: the cluster IP of a Service, the
    /// address of a pod of a headless one, whatever DNS says of a host outside. It is made up, of a range that no
    /// host can have (`0.0.0.0/8`).
    pub made_up_address: IpAddr,
    /// The addresses of its pods, where EndpointSlices tell them.
    pub pod_addresses: Vec<IpAddr>,
    /// The endpoints that a ServiceEntry lists.
    pub endpoints: &'a [WorkloadEntry],
}

/// A port of a service.
#[derive(Debug, Clone)]
pub struct ServicePort {
    /// The port that clients use.
    pub number: u32,
    /// Its name; empty if it has none.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// The workload's port, where it differs.
    pub target: Option<TargetPort>,
    /// Where it is declared.
    pub span: Span,
}

impl ServicePort {
    /// What istiod makes of a port of a Service; `None` without a number.
    pub fn of_kubernetes(port: &kubernetes::ServicePort) -> Option<Self> {
        let number = port.port.as_ref()?;
        let text = |field: &Option<Spanned<String>>| field.as_ref().map(|value| value.value.clone());
        let name = text(&port.name).unwrap_or_default();
        let app_protocol = text(&port.app_protocol);
        let transport = text(&port.protocol);
        Some(Self {
            number: number.value,
            protocol: Protocol::of_service_port(number.value, &name, app_protocol.as_deref(), transport.as_deref()),
            name,
            target: port.target_port.as_ref().map(|target| target.value.clone()),
            span: number.span,
        })
    }

    /// The port that it leads to at an endpoint: what a WorkloadEntry says of the port's name, else the target, whose
    /// name a container of the workload tells.
    pub fn target_at(&self, entry: Option<&WorkloadEntry>, workload: Option<&Workload<'_>>) -> Option<u32> {
        if let Some(own) = entry.and_then(|entry| entry.ports.get(&self.name)) {
            return Some(own.value);
        }
        match &self.target {
            None | Some(TargetPort::Number(0)) => Some(self.number),
            Some(TargetPort::Number(number)) => Some(*number),
            Some(TargetPort::Name(name)) => workload?.port_named(name),
        }
    }
}

/// How proxies find the endpoints of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// By its pods, behind a cluster IP.
    ClusterIp,
    /// By its pods, each under its own address: `clusterIP: None`.
    Headless,
    /// It is another name for a host: `type: ExternalName`.
    Alias,
    /// As a ServiceEntry's `resolution` says.
    Entry(Resolution),
}

impl Service<'_> {
    /// The port of a number. UDP is not proxied: such a port is as good as none.
    pub fn port(&self, number: u32) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.number == number && port.protocol != Protocol::Udp)
    }

    /// The networks that proxies know it by: its addresses, or the made-up one of a Service whose cluster IP is not
    /// in the manifests. None of a headless Service, an ExternalName, or a ServiceEntry without addresses.
    pub fn networks(&self) -> Vec<IpNet> {
        let written = self.addresses.iter().filter_map(|written| host::network(written));
        let written: Vec<IpNet> = written.filter(|network| !network.addr().is_unspecified()).collect();
        match self.discovery {
            Discovery::ClusterIp if written.is_empty() => vec![self.made_up_address.into()],
            Discovery::Headless | Discovery::Alias => Vec::new(),
            Discovery::ClusterIp | Discovery::Entry(_) => written,
        }
    }

    /// An address that a client dials for it.
    pub fn dialled_address(&self) -> IpAddr {
        let first = self.networks().first().map(IpNet::addr);
        first.or(self.pod_addresses.first().copied()).unwrap_or(self.made_up_address)
    }

    /// Whether a workload with these labels, or at this address, is behind it.
    pub fn is_before(&self, labels: &LabelSet<'_>, address: Option<IpAddr>) -> bool {
        let selects = self.selector.is_some_and(|selector| !selector.is_empty() && selector.selects(labels));
        let is_own = |written: &str| address.is_some_and(|address| written.parse() == Ok(address));
        selects
            || address.is_some_and(|address| self.pod_addresses.contains(&address))
            || self.endpoints.iter().filter_map(|it| it.address.as_ref()).any(|written| is_own(written))
    }

    /// Which of several services of one host sidecars in `namespace` take: that of their own namespace, else one of
    /// Kubernetes, of equals the first. The least counts (istiod: `pickBestVisibleNamespace`).
    pub fn precedence(&self, namespace: &str) -> impl Ord + use<> {
        (self.namespace != namespace, !self.is_kubernetes())
    }

    /// Whether it is outside the mesh, as ServiceEntries are that do not say (istiod: `MeshExternal`).
    pub fn is_mesh_external(&self) -> bool {
        match &self.resource.spec {
            Spec::ServiceEntry(entry) => entry.location.is_none_or(|location| location.value == Location::MeshExternal),
            _ => false,
        }
    }

    /// Whether what a client asks for is looked up in DNS, by the host of a request or the server name of TLS: the host
    /// is a wildcard of a ServiceEntry that says so (istiod: `buildDFPCluster`).
    pub fn is_looked_up(&self) -> bool {
        self.discovery == Discovery::Entry(Resolution::DynamicDns) && self.hostname.starts_with('*')
    }

    /// Whether it is one service with another of its host, so that ports of both count: a ServiceEntry of the same
    /// namespace that differs in nothing else (istiod: `canMergeServices`).
    pub fn merges_with(&self, other: &Service<'_>) -> bool {
        self.shares_endpoints_with(other)
            && self.discovery == other.discovery
            && self.export_to == other.export_to
            && self.resource.metadata.labels.equals(&other.resource.metadata.labels)
            && match (self.selector, other.selector) {
                (Some(own), Some(other)) => own.equals(other),
                (own, other) => own.or(other).is_none_or(Labels::is_empty),
            }
    }

    /// Whether endpoints of both are kept together: those of ServiceEntries with one host in one namespace.
    pub fn shares_endpoints_with(&self, other: &Service<'_>) -> bool {
        self.hostname == other.hostname
            && self.namespace == other.namespace
            && !self.is_kubernetes()
            && !other.is_kubernetes()
    }

    /// Whether it is a Service of Kubernetes.
    pub fn is_kubernetes(&self) -> bool {
        !matches!(self.discovery, Discovery::Entry(_))
    }

    /// The host that an ExternalName Service stands for.
    pub fn external_name(&self) -> Option<&str> {
        match &self.resource.spec {
            Spec::Service(service) if self.discovery == Discovery::Alias => {
                service.external_name.as_deref().map(|it| &**it)
            }
            _ => None,
        }
    }
}

/// The annotation in which a Service of Kubernetes says who sees it.
const EXPORT_TO_ANNOTATION: &str = "networking.istio.io/exportTo";

/// The services that a resource defines; none if it is of another kind.
pub(super) fn services<'a>(resource: &'a Resource, settings: &Settings) -> Vec<Service<'a>> {
    match &resource.spec {
        Spec::Service(service) => vec![of_kubernetes(resource, service, settings)],
        Spec::ServiceEntry(entry) => of_service_entry(resource, entry, settings),
        _ => Vec::new(),
    }
}

fn of_kubernetes<'a>(resource: &'a Resource, service: &'a kubernetes::Service, settings: &Settings) -> Service<'a> {
    let namespace = settings.namespace_of(resource);
    let text = |field: &'a Option<Spanned<String>>| field.as_ref().map(|value| value.as_str());
    let is_alias = text(&service.r#type) == Some("ExternalName") && service.external_name.is_some();
    let discovery = match text(&service.cluster_ip) {
        _ if is_alias => Discovery::Alias,
        Some("None") => Discovery::Headless,
        _ => Discovery::ClusterIp,
    };
    let exported = resource.metadata.annotations.get(EXPORT_TO_ANNOTATION).map_or("", |list| list.as_str());
    let exported = exported.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let cluster_ips = service.cluster_ip.iter().chain(&service.cluster_ips).map(|address| address.as_str());
    Service {
        hostname: host::expand(resource.name(), namespace, &settings.domain).into_owned(),
        span: resource.name_span(),
        namespace: namespace.to_owned(),
        resource,
        ports: service.ports.iter().filter_map(ServicePort::of_kubernetes).collect(),
        discovery,
        export_to: ExportTo::new(exported, namespace, &settings.service_export_to),
        selector: Some(&service.selector).filter(|selector| !selector.is_empty()),
        addresses: cluster_ips.filter(|address| *address != "None" && !address.is_empty()).collect(),
        made_up_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        pod_addresses: Vec::new(),
        endpoints: &[],
    }
}

fn of_service_entry<'a>(
    resource: &'a Resource,
    entry: &'a networking::ServiceEntry,
    settings: &Settings,
) -> Vec<Service<'a>> {
    let namespace = settings.namespace_of(resource);
    let ports: Vec<ServicePort> = entry.ports.iter().filter_map(entry_port).collect();
    let exported = || entry.export_to.iter().map(|namespace| namespace.as_str());
    let resolution = entry.resolution.map_or(Resolution::None, |resolution| resolution.value);
    let service = |host: &'a Spanned<String>| Service {
        hostname: host.value.clone(),
        span: host.span,
        namespace: namespace.to_owned(),
        resource,
        ports: ports.clone(),
        discovery: Discovery::Entry(resolution),
        export_to: ExportTo::new(exported(), namespace, &settings.service_export_to),
        selector: entry.workload_selector.as_ref().map(|selector| &selector.labels),
        addresses: entry.addresses.iter().map(|address| address.as_str()).collect(),
        made_up_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        pod_addresses: Vec::new(),
        endpoints: &entry.endpoints,
    };
    entry.hosts.iter().map(service).collect()
}

fn entry_port(port: &networking::ServiceEntryPort) -> Option<ServicePort> {
    let number = port.number.as_ref()?;
    Some(ServicePort {
        number: number.value,
        name: port.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        protocol: Protocol::parse(port.protocol.text()),
        target: port.target_port.as_ref().map(|target| TargetPort::Number(target.value)),
        span: number.span,
    })
}
