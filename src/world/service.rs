//! Services: Kubernetes Services and those of ServiceEntries.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::visibility::ExportTo;
use super::{EntryVisibility, Gap, NamespaceLabels, Protocol, Settings, Workload, creation_time, host};
use crate::model::field::TextField;
use crate::model::kubernetes::{self, TargetPort};
use crate::model::networking::{self, Location, Resolution, WorkloadEntry};
use crate::model::{LabelSet, Labels, Resource, Spec};
use crate::source::{Span, Spanned};

/// A service with one host name (istiod: `model.Service`).
#[derive(Debug)]
pub struct Service<'a> {
    /// The full host name, such as `reviews.default.svc.cluster.local`; may be a wildcard for a ServiceEntry.
    pub hostname: String,
    /// The place of the host name: the Service's name, or the entry of `hosts`.
    pub span: Span,
    /// The namespace.
    pub namespace: String,
    /// The Service or ServiceEntry.
    pub resource: &'a Resource,
    /// The ports.
    pub ports: Vec<ServicePort>,
    /// The way in which proxies find its endpoints.
    pub discovery: Discovery,
    /// The namespaces that it is exported to.
    pub export_to: ExportTo,
    /// The selector of its workloads; `None` without one.
    pub selector: Option<&'a Labels>,
    /// Its addresses as written; empty for a headless Service.
    pub addresses: Vec<&'a str>,
    /// A made-up address in place of one that the manifests leave to the cluster: the cluster IP of a Service, the
    /// address of a pod of a headless Service, or the DNS answer for an external host. It is in `0.0.0.0/8`, which no
    /// host can use.
    pub made_up_address: IpAddr,
    /// The addresses of its pods, from EndpointSlices.
    pub pod_addresses: Vec<IpAddr>,
    /// The endpoints of the ServiceEntry.
    pub endpoints: &'a [WorkloadEntry],
}

/// A port of a service.
#[derive(Debug, Clone)]
pub struct ServicePort {
    /// The number that clients use.
    pub number: u32,
    /// Its name; empty without one.
    pub name: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// The target port, if there is one.
    pub target: Option<TargetPort>,
    /// The place of the number.
    pub span: Span,
}

impl ServicePort {
    /// The port as istiod reads it from a Kubernetes Service; `None` without a number.
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

    /// The number of the target port at an endpoint: that of the WorkloadEntry's port of the same name, else the target
    /// port, whose name is looked up in the containers of the workload. `None` if the name is unknown.
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

/// The way in which proxies find the endpoints of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// The pods, behind a cluster IP.
    ClusterIp,
    /// The pods, each at its own address: `clusterIP: None`.
    Headless,
    /// An alias of another host: `type: ExternalName`.
    Alias,
    /// A ServiceEntry, according to its `resolution`.
    Entry(Resolution),
}

impl Service<'_> {
    /// The port with this number. Proxies do not handle UDP, so UDP ports do not count.
    pub fn port(&self, number: u32) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.number == number && port.protocol != Protocol::Udp)
    }

    /// Whether it has a port with this number, of any protocol.
    pub fn has_port(&self, number: u32) -> bool {
        self.ports.iter().any(|port| port.number == number)
    }

    /// The networks by which proxies recognise it: its addresses, or the made-up address of a Service without a cluster
    /// IP in the manifests. Empty for headless Services, ExternalName Services and ServiceEntries without addresses.
    pub fn networks(&self) -> Vec<IpNet> {
        let written = self.addresses.iter().filter_map(|written| host::network(written));
        let written: Vec<IpNet> = written.filter(|network| !network.addr().is_unspecified()).collect();
        match self.discovery {
            Discovery::ClusterIp if written.is_empty() => vec![self.made_up_address.into()],
            Discovery::Headless | Discovery::Alias => Vec::new(),
            Discovery::ClusterIp | Discovery::Entry(_) => written,
        }
    }

    /// The address that clients dial.
    pub fn dialled_address(&self) -> IpAddr {
        let first = self.networks().first().map(IpNet::addr);
        first.or(self.pod_addresses.first().copied()).unwrap_or(self.made_up_address)
    }

    /// Narrows the namespaces that it is exported to, if it is a ServiceEntry.
    pub(super) fn narrow(&mut self, visibility: &EntryVisibility, namespaces: &NamespaceLabels<'_>) {
        if !self.is_kubernetes() {
            let labels = namespaces.labels(&self.namespace).cloned().unwrap_or_default();
            self.export_to = visibility.narrow(self.export_to.clone(), &self.namespace, &labels);
        }
    }

    /// Whether a workload with these labels, or at this address, is an endpoint.
    pub fn is_before(&self, labels: &LabelSet<'_>, address: Option<IpAddr>) -> bool {
        let selects = self.selector.is_some_and(|selector| !selector.is_empty() && selector.selects(labels));
        let is_own = |written: &str| address.is_some_and(|address| written.parse() == Ok(address));
        selects
            || address.is_some_and(|address| self.pod_addresses.contains(&address))
            || self.endpoints.iter().filter_map(|it| it.address.as_ref()).any(|written| is_own(written))
    }

    /// The precedence among services of one host name for sidecars of a namespace, smallest first: those of the
    /// namespace, then Kubernetes Services. Of equals, the first counts (istiod: `pickBestVisibleNamespace`).
    pub fn precedence(&self, namespace: &str) -> impl Ord + use<> {
        (self.namespace != namespace, !self.is_kubernetes())
    }

    /// Whether it is outside the mesh: a ServiceEntry with `location: MESH_EXTERNAL`, the default (istiod:
    /// `MeshExternal`).
    pub fn is_mesh_external(&self) -> bool {
        match &self.resource.spec {
            Spec::ServiceEntry(entry) => entry.location.is_none_or(|location| location.value == Location::MeshExternal),
            _ => false,
        }
    }

    /// Whether proxies resolve the host of a request, or the server name of TLS, by DNS: the service is a wildcard of a
    /// ServiceEntry with `DYNAMIC_DNS` (istiod: `buildDFPCluster`).
    pub fn is_looked_up(&self) -> bool {
        self.discovery == Discovery::Entry(Resolution::DynamicDns) && self.hostname.starts_with('*')
    }

    /// The name by which istiod orders services of equal age: the host of a ServiceEntry, the short name of a Kubernetes
    /// Service (istiod: `SortServicesByCreationTime`).
    pub fn order_name(&self) -> &str {
        if self.is_kubernetes() { self.resource.name() } else { &self.hostname }
    }

    /// The creation time; empty if the manifest has none.
    pub fn age(&self) -> &str {
        creation_time(self.resource)
    }

    /// Whether istiod adds the ports of another service of the same host: both are the same, or ServiceEntries of one
    /// namespace with equal settings (istiod: `canMergeServices`).
    pub fn merges_with(&self, other: &Service<'_>) -> bool {
        std::ptr::eq(self.resource, other.resource)
            || self.shares_endpoints_with(other)
                && !self.is_kubernetes()
                && self.discovery == other.discovery
                && self.written_export_to() == other.written_export_to()
                && self.resource.metadata.labels.equals(&other.resource.metadata.labels)
                && match (self.selector, other.selector) {
                    (Some(own), Some(other)) => own.equals(other),
                    (own, other) => own.or(other).is_none_or(Labels::is_empty),
                }
    }

    /// The entries of `exportTo` as written. istiod compares these, so an absent list differs from `["*"]`.
    pub fn written_export_to(&self) -> BTreeSet<&str> {
        match &self.resource.spec {
            Spec::ServiceEntry(entry) => entry.export_to.iter().map(|it| it.as_str()).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Whether istiod combines the endpoints of both: it keeps them by host and namespace.
    pub fn shares_endpoints_with(&self, other: &Service<'_>) -> bool {
        self.hostname == other.hostname
            && self.namespace == other.namespace
            && ![self, other].iter().any(|it| it.discovery == Discovery::Alias)
    }

    /// Whether istiod ignores its endpoints, because the annotation of a Kubernetes Service exports it to nobody (istiod:
    /// `serviceNeedsPush`).
    pub fn hides_endpoints(&self) -> bool {
        self.is_kubernetes() && exported(self.resource).any(|entry| entry == "~")
    }

    /// The reason why its workloads are not known, if the manifests have none of them.
    pub fn gap_of_workloads(&self) -> Gap {
        match self.selector.is_some_and(|selector| !selector.is_empty()) {
            true => Gap::NoWorkloadsOf(self.resource.kind, self.hostname.clone()),
            false => Gap::UnknownEndpoints(self.hostname.clone()),
        }
    }

    /// Whether it is a Kubernetes Service.
    pub fn is_kubernetes(&self) -> bool {
        !matches!(self.discovery, Discovery::Entry(_))
    }

    /// The host that an ExternalName Service refers to.
    pub fn external_name(&self) -> Option<&str> {
        match &self.resource.spec {
            Spec::Service(service) if self.discovery == Discovery::Alias => {
                service.external_name.as_deref().map(|it| &**it)
            }
            _ => None,
        }
    }
}

/// The kind, namespace and name of its resource, and its host if the name does not show it.
impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (namespace, name) = (&self.namespace, self.resource.name());
        match self.is_kubernetes() {
            true => write!(f, "Service `{namespace}/{name}`"),
            false => write!(f, "ServiceEntry `{namespace}/{name}` for host `{}`", self.hostname),
        }
    }
}

/// The annotation of a Kubernetes Service with the namespaces that it is exported to.
const EXPORT_TO_ANNOTATION: &str = "networking.istio.io/exportTo";

/// The entries of the annotation.
fn exported(resource: &Resource) -> impl Iterator<Item = &str> {
    let written = resource.metadata.annotations.get(EXPORT_TO_ANNOTATION).map_or("", |list| list.as_str());
    written.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

/// The services that a resource defines; none for other kinds.
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
    let cluster_ips = service.cluster_ip.iter().chain(&service.cluster_ips).map(|address| address.as_str());
    Service {
        hostname: host::expand(resource.name(), namespace, &settings.domain).into_owned(),
        span: resource.name_span(),
        namespace: namespace.to_owned(),
        resource,
        ports: service.ports.iter().filter_map(ServicePort::of_kubernetes).collect(),
        discovery,
        export_to: ExportTo::new(exported(resource), namespace, &settings.service_export_to),
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
