//! The servers that a gateway workload opens on a port (istiod: `mergeGateways`, `resolvePorts`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::proxy::Proxy;
use super::merging::Merging;
use crate::world::{GATEWAY_NAME_LABEL, Gateway, Section, Server, Service, Workload};

/// A server of a Gateway that applies to the workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'a> {
    pub gateway: &'a Gateway<'a>,
    pub server: &'a Server<'a>,
    /// The number of the server's port, which is the Service's as a rule, not the one that is listened on.
    pub port: u32,
}

impl Open<'_> {
    /// Whether clients send plaintext HTTP.
    pub fn is_plaintext_http(&self) -> bool {
        self.server.section() == Some(Section::Http) && !self.server.is_tls()
    }

    /// The server names that it takes; none in particular if one of its hosts is `*`.
    pub fn server_names(&self) -> Vec<String> {
        let hosts = &self.server.hosts;
        if hosts.iter().any(|host| host.host == "*") {
            return Vec::new();
        }
        hosts.iter().map(|host| host.host.to_ascii_lowercase()).collect()
    }

    /// The address that it listens on; `None` for all.
    pub fn address(&self) -> Option<IpAddr> {
        self.server.bind()?.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
    }
}

/// The servers that the workload opens on a port, in creation order, and the port that it listens on for them. One that
/// cannot share the port with an earlier one is dropped.
pub(super) fn open<'a>(proxy: &Proxy<'a>, dialled: u32) -> (Vec<Open<'a>>, u32) {
    let ports = Ports::before(proxy);
    let servers = servers(proxy, &ports);
    let listening = listening_among(&ports, &servers, dialled);
    let is_for = |it: &Open<'_>| ports.listening(it.gateway, it.port).iter().any(|port| listening.contains(port));
    let mut merging = Merging::default();
    let open = servers.into_iter().filter(is_for).filter(|candidate| merging.admits(candidate));
    (open.collect(), listening.first().copied().unwrap_or(dialled))
}

/// All servers of the Gateways that apply to the workload (istiod: `filterStrictGatewayMerging`).
fn servers<'a>(proxy: &Proxy<'a>, ports: &Ports<'_>) -> Vec<Open<'a>> {
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
    // Beside a gateway that istiod runs, Gateways of Istio's own API count in its namespace only.
    let may_join = |it: &&Gateway<'_>| {
        managing.is_empty() || it.is_of_gateway_api() || managing.contains(it.name.namespace.as_ref())
    };
    let gateways = gateways.into_iter().filter(may_join);
    let all = gateways.flat_map(|gateway| gateway.servers.iter().map(move |server| (gateway, server)));
    all.filter_map(|(gateway, server)| Some(Open { gateway, server, port: server.port_number()? })).collect()
}

/// Whether istiod runs the workload for a Gateway of the Gateway API, with a Service that is in no manifest.
fn is_run_for(proxy: &Proxy<'_>, gateway: &Gateway<'_>) -> bool {
    gateway.lacks_services(&proxy.world.services)
        && gateway.name.namespace == *proxy.namespace
        && proxy.labels.get(GATEWAY_NAME_LABEL).is_some_and(|name| name == gateway.resource.name())
}

/// The ports of the workload that a dialled one means. Clients dial a port of the Service before the gateway; whoever
/// names the workload's own port means that.
fn listening_among(ports: &Ports<'_>, servers: &[Open<'_>], dialled: u32) -> Vec<u32> {
    let of = |server: &Open<'_>| ports.listening(server.gateway, server.port);
    let behind: Vec<u32> = servers.iter().filter(|server| server.port == dialled).flat_map(of).collect();
    let is_open = |port: u32| servers.iter().any(|server| of(server).contains(&port));
    if is_open(dialled) {
        return vec![dialled];
    }
    // A server can be written with the workload's own port, which the Service's leads to all the same.
    let through_service =
        ports.services.iter().find_map(|service| ports.target(service, dialled)).filter(|it| is_open(*it));
    match (behind.is_empty(), through_service) {
        (true, Some(target)) => vec![target],
        (true, None) => vec![dialled],
        (false, _) => behind,
    }
}

/// The ports of the Services before a gateway workload, in creation order.
struct Ports<'a> {
    services: Vec<&'a Service<'a>>,
    /// The gateway, if it is among the manifests.
    workload: Option<&'a Workload<'a>>,
}

/// A Service with this label does not translate ports.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

impl<'a> Ports<'a> {
    fn before(proxy: &Proxy<'a>) -> Self {
        let labels = proxy.label_set();
        let services = proxy.world.services.iter().filter(|service| {
            service.namespace == proxy.namespace
                && service.is_before(&labels, proxy.address)
                && service.resource.metadata.labels.get(NO_TRANSLATION).is_none_or(|value| value.as_str() != "true")
        });
        let workload = proxy.world.workload_with(&proxy.namespace, &labels);
        Self { services: services.collect(), workload }
    }

    /// The Services that a Gateway names as its own.
    fn of(&self, gateway: &Gateway<'_>) -> impl Iterator<Item = &'a Service<'a>> {
        self.services.iter().copied().filter(|service| gateway.services.contains(&service.hostname))
    }

    /// The ports that a server of a number listens on. With Services of its own a Gateway opens what all of them lead
    /// to, and nothing else; otherwise the first Service of the workload translates.
    fn listening(&self, gateway: &Gateway<'_>, number: u32) -> Vec<u32> {
        if gateway.services.is_empty() {
            return vec![self.services.iter().find_map(|service| self.target(service, number)).unwrap_or(number)];
        }
        // The Service that istiod makes has the ports of the listeners.
        if self.of(gateway).next().is_none() {
            return vec![number];
        }
        self.of(gateway).filter_map(|service| self.target(service, number)).collect()
    }

    /// The workload's port that a port of a Service leads to. Where nothing tells the number of a named port, that of the
    /// Service stands for it.
    fn target(&self, service: &Service<'_>, number: u32) -> Option<u32> {
        let port = service.ports.iter().find(|port| port.number == number)?;
        Some(port.target_at(None, self.workload).unwrap_or(port.number))
    }
}
