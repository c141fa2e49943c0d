//! What the sidecar of a server does with a connection: the filter chain that takes it, by port, mutual TLS and
//! protocol (istiod: `listener_inbound.go`, `filterchain_options.go`). VirtualServices have no part in it.

mod ports;

pub use ports::{InboundPort, PortOrigin, Receiver, ports};

use crate::model::networking::{ServerTlsMode, ServerTlsSettings};
use crate::world::{Mtls, MtlsMode, Protocol, ProtocolClass, World};

/// A connection, as far as filter chains look at it.
#[derive(Debug, Clone, Copy)]
pub struct InboundConnection<'c> {
    /// The workload's port that is dialled.
    pub port: u32,
    /// What the client does about TLS.
    pub security: Security,
    /// The protocol that the client offers in TLS: `istio-http/1.1` from a sidecar, for example.
    pub alpn: &'c str,
    /// Whether it carries HTTP.
    pub is_http: bool,
}

/// What a client does about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Nothing.
    Plaintext,
    /// It wants TLS and shows no certificate.
    Tls,
    /// It wants TLS and shows a certificate.
    Mutual,
}

/// What becomes of a connection.
#[derive(Debug, Clone)]
pub enum Arrival<'w, 'a> {
    /// A filter chain takes it.
    Taken(InboundChain<'w, 'a>),
    /// No filter chain fits: the connection is reset (NR).
    NoFilterChain,
    /// A filter chain fits, but client and proxy do not agree on certificates.
    HandshakeFails,
    /// A filter chain for HTTP gets other bytes.
    ProtocolError,
    /// It goes to the port of the proxy itself.
    BlackHole,
}

/// The filter chain that takes a connection.
#[derive(Debug, Clone)]
pub struct InboundChain<'w, 'a> {
    /// The port; `None` if nothing declares it: then what comes in is passed through.
    pub port: Option<InboundPort<'w, 'a>>,
    /// Whether the proxy looks for requests. If not, it sees a mere connection.
    pub is_http: bool,
    /// What TLS the proxy ends; what it does not end it passes on.
    pub ends: Ends,
}

/// Which TLS a filter chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// None.
    Nothing,
    /// That of the mesh, which proves the client's identity.
    MeshTls,
    /// That of the Sidecar resource's `ingress`.
    OwnTls,
}

/// The port on which sidecars listen for everything that comes in.
const INBOUND_CAPTURE_PORT: u32 = 15006;

impl InboundChain<'_, '_> {
    /// The name that istiod gives the chain.
    pub fn name(&self) -> String {
        match &self.port {
            Some(port) => format!("{}_{}", port.bind, port.number),
            None if self.is_http => "virtualInbound-catchall-http".to_owned(),
            None => "virtualInbound".to_owned(),
        }
    }

    /// The name of the cluster.
    pub fn cluster(&self) -> String {
        self.port.as_ref().map_or_else(|| "InboundPassthroughCluster".to_owned(), InboundPort::cluster)
    }

    /// The name of the only virtual host, if the proxy looks for requests.
    pub fn virtual_host(&self) -> Option<String> {
        let port = self.port.as_ref().map_or(0, |port| port.service_port);
        self.is_http.then(|| format!("inbound|http|{port}"))
    }
}

/// Says what becomes of a connection to a workload, and which mode of mutual TLS its port has.
pub fn arrival<'w, 'a>(
    world: &'w World<'a>,
    receiver: &Receiver<'w, 'a>,
    connection: &InboundConnection<'_>,
) -> (Arrival<'w, 'a>, Mtls<'w, 'a>) {
    let mtls = world.policies.mtls(receiver.namespace, &receiver.labels, connection.port);
    if connection.port == INBOUND_CAPTURE_PORT {
        return (Arrival::BlackHole, mtls);
    }
    let port = ports(world, receiver).remove(&connection.port);
    let own_tls = port.as_ref().and_then(|port| port.tls);
    let own_tls = own_tls.filter(|_| world.settings.sidecar_ingress_tls && mtls.mode == MtlsMode::Disable);
    let found = match own_tls {
        Some(tls) => own_chain(tls, port.as_ref().map(|port| port.protocol), connection),
        None => chain(mtls.mode, class(port.as_ref()), connection),
    };
    let arrival = match found {
        Err(refused) => refused.into(),
        Ok((is_http, ends)) => {
            let has_http_bytes = connection.is_http && !(connection.is_encrypted() && ends == Ends::Nothing);
            if is_http && !has_http_bytes {
                Arrival::ProtocolError
            } else {
                Arrival::Taken(InboundChain { port, is_http, ends })
            }
        }
    };
    (arrival, mtls)
}

/// What the filter chains of a port are for. Passed-through ports are looked at like those without a declared protocol,
/// and TLS that is the workload's own affair is bytes.
fn class(port: Option<&InboundPort<'_, '_>>) -> ProtocolClass {
    match port.map_or(ProtocolClass::Auto, |port| port.protocol.class()) {
        ProtocolClass::Tls => ProtocolClass::Tcp,
        class => class,
    }
}

enum Refused {
    NoFilterChain,
    HandshakeFails,
}

impl From<Refused> for Arrival<'_, '_> {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoFilterChain => Self::NoFilterChain,
            Refused::HandshakeFails => Self::HandshakeFails,
        }
    }
}

/// Whether the chain that fits looks for requests, and which TLS it ends.
fn chain(mode: MtlsMode, class: ProtocolClass, connection: &InboundConnection<'_>) -> Result<(bool, Ends), Refused> {
    let is_encrypted = connection.is_encrypted();
    let plain_http = !is_encrypted && connection.is_http;
    let in_the_clear = match class {
        ProtocolClass::Http => true,
        ProtocolClass::Auto => plain_http,
        _ => false,
    };
    let inside_tls = match class {
        ProtocolClass::Http => true,
        ProtocolClass::Auto => is_mesh_http(connection.alpn),
        _ => false,
    };
    let ends_mesh_tls = match connection.security {
        Security::Mutual => Ok((inside_tls, Ends::MeshTls)),
        _ => Err(Refused::HandshakeFails),
    };
    match mode {
        MtlsMode::Disable => Ok((in_the_clear, Ends::Nothing)),
        MtlsMode::Strict if is_encrypted => ends_mesh_tls,
        MtlsMode::Strict => Err(Refused::NoFilterChain),
        MtlsMode::Permissive if !is_encrypted => Ok((in_the_clear, Ends::Nothing)),
        MtlsMode::Permissive if is_mesh(connection.alpn) => ends_mesh_tls,
        MtlsMode::Permissive if class == ProtocolClass::Http => Err(Refused::NoFilterChain),
        MtlsMode::Permissive => Ok((false, Ends::Nothing)),
    }
}

/// The chain for TLS of the Sidecar resource. A client that shows a certificate of the mesh also wants one, which a
/// server with a certificate of its own (SIMPLE) does not have.
fn own_chain(
    tls: &ServerTlsSettings,
    protocol: Option<Protocol>,
    connection: &InboundConnection<'_>,
) -> Result<(bool, Ends), Refused> {
    let wants_certificate = match tls.mode.map(|mode| mode.value) {
        Some(ServerTlsMode::Mutual | ServerTlsMode::IstioMutual) => Some(true),
        Some(ServerTlsMode::OptionalMutual) => None,
        _ => Some(false),
    };
    match connection.security {
        Security::Plaintext => Err(Refused::NoFilterChain),
        shown if wants_certificate.is_some_and(|wanted| wanted != (shown == Security::Mutual)) => {
            Err(Refused::HandshakeFails)
        }
        _ => {
            let is_http =
                protocol.is_some_and(|protocol| protocol == Protocol::Https || protocol.class() == ProtocolClass::Http);
            Ok((is_http, Ends::OwnTls))
        }
    }
}

impl InboundConnection<'_> {
    fn is_encrypted(&self) -> bool {
        self.security != Security::Plaintext
    }
}

/// What the proxies of the mesh offer in TLS.
fn is_mesh(alpn: &str) -> bool {
    matches!(alpn, "istio" | "istio-peer-exchange") || is_mesh_http(alpn)
}

fn is_mesh_http(alpn: &str) -> bool {
    matches!(alpn, "istio-http/1.0" | "istio-http/1.1" | "istio-h2")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of plaintext and TLS, with HTTP inside and other bytes, without and with a certificate.
    fn outcomes(mode: MtlsMode, class: ProtocolClass) -> String {
        let connections = [
            (Security::Plaintext, "", true),
            (Security::Plaintext, "", false),
            (Security::Tls, "http/1.1", true),
            (Security::Mutual, "istio-http/1.1", true),
            (Security::Mutual, "istio", false),
        ];
        let outcome = |(security, alpn, is_http)| match chain(
            mode,
            class,
            &InboundConnection { port: 80, security, alpn, is_http },
        ) {
            Ok((is_http, Ends::MeshTls)) => {
                if is_http {
                    "mesh-http"
                } else {
                    "mesh-tcp"
                }
            }
            Ok((is_http, _)) => {
                if is_http {
                    "http"
                } else {
                    "tcp"
                }
            }
            Err(Refused::NoFilterChain) => "none",
            Err(Refused::HandshakeFails) => "handshake",
        };
        connections.map(outcome).join(" ")
    }

    #[test]
    fn filter_chains_are_chosen_by_mode_and_protocol() {
        use {MtlsMode as Mode, ProtocolClass as Class};
        for (mode, class, expected) in [
            (Mode::Disable, Class::Http, "http http http http http"),
            (Mode::Disable, Class::Tcp, "tcp tcp tcp tcp tcp"),
            (Mode::Disable, Class::Auto, "http tcp tcp tcp tcp"),
            (Mode::Permissive, Class::Http, "http http none mesh-http mesh-http"),
            (Mode::Permissive, Class::Tcp, "tcp tcp tcp mesh-tcp mesh-tcp"),
            (Mode::Permissive, Class::Auto, "http tcp tcp mesh-http mesh-tcp"),
            (Mode::Strict, Class::Http, "none none handshake mesh-http mesh-http"),
            (Mode::Strict, Class::Tcp, "none none handshake mesh-tcp mesh-tcp"),
            (Mode::Strict, Class::Auto, "none none handshake mesh-http mesh-tcp"),
        ] {
            assert_eq!(outcomes(mode, class), expected, "{mode:?} {class:?}");
        }
    }
}
