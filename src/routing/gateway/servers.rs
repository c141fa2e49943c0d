//! The servers that a gateway workload opens at a port (istiod: `mergeGateways`, `resolvePorts`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::proxy::Proxy;
use super::merging::Merging;
use crate::world::{GATEWAY_NAME_LABEL, Gateway, NamespacedName, Section, Server, Service, Workload};

/// A server of a Gateway that applies to the workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListeningServer<'a> {
    pub gateway: &'a Gateway<'a>,
    pub server: &'a Server<'a>,
    /// The port of the server. Usually this is a port of the Service, not the one that the workload listens on.
    pub port: u32,
}

impl ListeningServer<'_> {
    /// Whether clients use plaintext HTTP.
    pub fn is_plaintext_http(&self) -> bool {
        self.server.section() == Some(Section::Http) && !self.server.is_tls()
    }

    /// The server names. If one of the hosts is `*`, every name matches and the list is empty.
    pub fn server_names(&self) -> Vec<String> {
        let hosts = &self.server.hosts;
        if hosts.iter().any(|host| host.host == "*") {
            return Vec::new();
        }
        hosts.iter().map(|host| host.host.to_ascii_lowercase()).collect()
    }

    /// The address; `None` for all addresses.
    pub fn address(&self) -> Option<IpAddr> {
        self.server.bind()?.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
    }
}

/// The servers that the workload opens for a dialled port, in creation order, and the port that it listens on. A server
/// that cannot share the port with an earlier one is dropped.
pub(super) fn open<'a>(proxy: &Proxy<'a>, dialled: u32) -> (Vec<ListeningServer<'a>>, u32) {
    let ports = GatewayPorts::before(proxy);
    let servers = servers(proxy, &ports);
    let listening = listening_among(&ports, &servers, dialled);
    let is_for =
        |it: &ListeningServer<'_>| ports.listening(it.gateway, it.port).iter().any(|port| listening.contains(port));
    let mut merging = Merging::default();
    let open = servers.into_iter().filter(is_for).filter(|candidate| merging.admits(candidate));
    (open.collect(), listening.first().copied().unwrap_or(dialled))
}

/// All servers of the Gateways that apply to the workload (istiod: `filterStrictGatewayMerging`).
fn servers<'a>(proxy: &Proxy<'a>, ports: &GatewayPorts<'_>) -> Vec<ListeningServer<'a>> {
    let labels = proxy.label_set();
    let applies = |gateway: &&Gateway<'_>| match gateway.services.is_empty() {
        true => gateway.spec.selector.selects(&labels),
        false => ports.of(gateway).next().is_some() || is_run_for(proxy, gateway),
    };
    let gateways: Vec<_> = proxy.world.all_gateways().into_iter().filter(applies).collect();
    let managing: BTreeSet<&str> = gateways
        .iter()
        .filter(|it| it.is_of_gateway_api() && it.is_managed)
        .map(|it| it.name.namespace.as_ref())
        .collect();
    // If istiod manages a gateway, Gateways of Istio's own API count only in the same namespace.
    let may_join = |it: &&Gateway<'_>| {
        managing.is_empty() || it.is_of_gateway_api() || managing.contains(it.name.namespace.as_ref())
    };
    let gateways = gateways.into_iter().filter(may_join);
    let all = gateways.flat_map(|gateway| gateway.servers.iter().map(move |server| (gateway, server)));
    all.filter_map(|(gateway, server)| Some(ListeningServer { gateway, server, port: server.port_number()? })).collect()
}

/// Whether istiod manages the workload for a Gateway API Gateway, whose Service is in no manifest.
fn is_run_for(proxy: &Proxy<'_>, gateway: &Gateway<'_>) -> bool {
    let own = proxy.labels.get(GATEWAY_NAME_LABEL);
    let serves = |it: &NamespacedName<'_>| it.namespace == *proxy.namespace && own.is_some_and(|own| *own == it.name);
    let is_served = match &gateway.served_by {
        Some(served_by) => serves(served_by),
        None => serves(&NamespacedName::new(gateway.name.namespace.as_ref(), gateway.resource.name())),
    };
    is_served && gateway.lacks_services(&proxy.world.services)
}

/// The ports of the workload that a dialled port leads to. Clients dial a port of the Service in front of the gateway,
/// or directly the port of the workload. A Service whose ports the servers do not name leads there, too.
fn listening_among(ports: &GatewayPorts<'_>, servers: &[ListeningServer<'_>], dialled: u32) -> Vec<u32> {
    let of = |server: &ListeningServer<'_>| ports.listening(server.gateway, server.port);
    let behind: Vec<u32> = servers.iter().filter(|server| server.port == dialled).flat_map(of).collect();
    let is_open = |port: u32| servers.iter().any(|server| of(server).contains(&port));
    let untranslated = || ports.untranslated.iter().find_map(|service| ports.target(service, dialled));
    let beside = untranslated().filter(|port| ports.services.is_empty() && is_open(*port));
    if let Some(port) = beside.or_else(|| Some(dialled).filter(|port| is_open(*port))) {
        return vec![port];
    }
    // A server can name the port of the workload, to which a port of the Service leads.
    let through_service =
        ports.services.iter().find_map(|service| ports.target(service, dialled)).filter(|it| is_open(*it));
    match (behind.is_empty(), through_service) {
        (true, Some(target)) => vec![target],
        (true, None) => vec![dialled],
        (false, _) => behind,
    }
}

/// The ports of the Services in front of a gateway workload, in creation order.
struct GatewayPorts<'a> {
    services: Vec<&'a Service<'a>>,
    /// The Services whose ports istiod does not look at.
    untranslated: Vec<&'a Service<'a>>,
    /// The gateway workload, if it is among the manifests.
    workload: Option<&'a Workload<'a>>,
}

/// The label of Services that do not translate ports.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

impl<'a> GatewayPorts<'a> {
    fn before(proxy: &Proxy<'a>) -> Self {
        let labels = proxy.label_set();
        let is_before =
            |service: &&Service<'_>| service.namespace == proxy.namespace && service.is_before(&labels, proxy.address);
        let is_translated = |service: &&Service<'_>| {
            service.resource.metadata.labels.get(NO_TRANSLATION).is_none_or(|value| value.as_str() != "true")
        };
        let (services, untranslated) = proxy.world.services.iter().filter(is_before).partition(is_translated);
        let workload = proxy.world.workload_with(&proxy.namespace, &labels);
        Self { services, untranslated, workload }
    }

    /// The Services that a Gateway names.
    fn of(&self, gateway: &Gateway<'_>) -> impl Iterator<Item = &'a Service<'a>> {
        self.services.iter().copied().filter(|service| gateway.services.contains(&service.hostname))
    }

    /// The ports that a server listens on. A Gateway that names Services opens exactly the ports to which all of them
    /// lead; otherwise the first Service of the workload translates the port.
    fn listening(&self, gateway: &Gateway<'_>, number: u32) -> Vec<u32> {
        if gateway.services.is_empty() {
            return vec![self.services.iter().find_map(|service| self.target(service, number)).unwrap_or(number)];
        }
        // The Service that istiod creates has the ports of the listeners.
        if self.of(gateway).next().is_none() {
            return vec![number];
        }
        self.of(gateway).filter_map(|service| self.target(service, number)).collect()
    }

    /// The port of the workload to which a port of a Service leads. A named port that the workload does not have leads
    /// nowhere. If the workload is unknown, the port of the Service is used.
    fn target(&self, service: &Service<'_>, number: u32) -> Option<u32> {
        let port = service.ports.iter().find(|port| port.number == number)?;
        let unknown = || self.workload.is_none().then_some(port.number);
        port.target_at(None, self.workload).or_else(unknown)
    }
}
