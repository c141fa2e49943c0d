//! The servers that a gateway workload opens on a port (istiod: `mergeGateways`, `resolvePorts`).

use super::super::proxy::Proxy;
use crate::model::kubernetes::TargetPort;
use crate::model::networking::{Server, ServerTlsMode};
use crate::world::{Gateway, Protocol, ProtocolClass, ServicePort};

/// A server of a Gateway that applies to the workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'a> {
    pub gateway: &'a Gateway<'a>,
    pub server: &'a Server,
    pub protocol: Protocol,
    /// The number of the server's port, which is the Service's as a rule, not the one that is listened on.
    pub port: u32,
}

impl Open<'_> {
    /// Whether clients speak TLS there (istiod: `IsTLSServer`).
    pub fn is_tls(&self) -> bool {
        self.server.tls.is_some() && self.protocol.class() != ProtocolClass::Http
    }

    /// Whether clients speak plaintext HTTP there.
    pub fn is_plaintext_http(&self) -> bool {
        self.protocol.class() == ProtocolClass::Http
    }

    /// What the gateway does with TLS. Settings without a mode mean the first value.
    pub fn tls_mode(&self) -> ServerTlsMode {
        let mode = self.server.tls.as_ref().and_then(|tls| tls.mode);
        mode.map_or(ServerTlsMode::Passthrough, |mode| mode.value)
    }

    /// The server names that it takes; none in particular if one of its hosts is `*`.
    pub fn server_names(&self) -> Vec<String> {
        let hosts = self.gateway.hosts(self.server);
        if hosts.iter().any(|host| host.host == "*") {
            return Vec::new();
        }
        hosts.into_iter().map(|host| host.host.to_ascii_lowercase()).collect()
    }

    /// Whether plaintext requests are redirected to HTTPS.
    pub fn redirects_to_https(&self) -> bool {
        self.server.tls.as_ref().and_then(|tls| tls.https_redirect).is_some_and(|redirects| redirects.value)
    }
}

/// The servers that the workload opens on a port, in creation order. One that cannot share the port with an earlier
/// one is dropped.
pub(super) fn open<'a>(proxy: &Proxy<'a>, dialled: u32) -> Vec<Open<'a>> {
    let labels = proxy.label_set();
    let gateways: Vec<_> =
        proxy.world.gateways.iter().filter(|gateway| gateway.spec.selector.selects(&labels)).collect();
    let ports = Ports::before(proxy);
    let numbers = || {
        gateways.iter().flat_map(|it| &it.spec.servers).filter_map(|server| Some(server.port.as_ref()?.number?.value))
    };
    // Clients dial a port of the Service before the gateway; whoever names the workload's own port means that.
    let listening = if numbers().any(|number| number == dialled) { ports.listening(dialled) } else { dialled };
    let mut open: Vec<Open<'a>> = Vec::new();
    for gateway in gateways {
        for server in &gateway.spec.servers {
            let Some(port) = &server.port else { continue };
            let Some(number) = port.number.map(|number| number.value) else { continue };
            if ports.listening(number) != listening {
                continue;
            }
            let protocol = Protocol::parse(port.protocol.as_ref().map_or("", |protocol| protocol.as_str()));
            let candidate = Open { gateway, server, protocol, port: number };
            if !is_dropped(&open, &candidate) {
                open.push(candidate);
            }
        }
    }
    open
}

/// Whether istiod drops a server because of those before it: after a plaintext server only HTTP joins HTTP, and a
/// host of TLS can be served once.
fn is_dropped(earlier: &[Open<'_>], candidate: &Open<'_>) -> bool {
    if candidate.is_tls() {
        let repeats = |open: &Open<'_>| {
            open.is_tls() && open.server.hosts.iter().any(|host| candidate.server.hosts.contains(host))
        };
        let first_is_plain = earlier.first().is_some_and(|first| !first.is_tls());
        return first_is_plain || earlier.iter().any(repeats);
    }
    let plain = earlier.iter().find(|open| !open.is_tls());
    plain.is_some_and(|plain| !(plain.is_plaintext_http() && candidate.is_plaintext_http()))
}

/// The ports of the Services before a gateway workload, in creation order.
struct Ports {
    targets: Vec<(u32, u32)>,
}

/// A Service with this label does not translate ports.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

impl Ports {
    fn before(proxy: &Proxy<'_>) -> Self {
        let labels = proxy.label_set();
        let services = proxy.world.services.iter().filter(|service| {
            (service.namespace == proxy.namespace || proxy.address.is_some())
                && service.is_before(&labels, proxy.address)
                && service.resource.metadata.labels.get(NO_TRANSLATION).is_none_or(|value| value.as_str() != "true")
        });
        let target = |port: &ServicePort| match port.target {
            Some(TargetPort::Number(number)) => number,
            _ => port.number,
        };
        Self { targets: services.flat_map(|service| &service.ports).map(|port| (port.number, target(port))).collect() }
    }

    /// The port that a server of a number listens on.
    fn listening(&self, number: u32) -> u32 {
        self.targets.iter().find(|(port, _)| *port == number).map_or(number, |(_, target)| *target)
    }
}
