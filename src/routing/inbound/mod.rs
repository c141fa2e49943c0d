//! The filter chains of a server's sidecar, by port, mutual TLS and protocol (istiod: `listener_inbound.go`,
//! `filterchain_options.go`). VirtualServices do not affect them.

mod ports;

pub use ports::{InboundPort, PortOrigin, Receiver, ports};

use crate::model::networking::{ServerTlsMode, ServerTlsSettings};
use crate::world::{Mtls, MtlsMode, Protocol, ProtocolClass, World};

/// The properties of a connection that filter chains match.
#[derive(Debug, Clone, Copy)]
pub struct InboundConnection<'c> {
    /// The port of the workload.
    pub port: u32,
    /// Whether the client uses TLS, and whether it shows a certificate.
    pub security: Security,
    /// The protocol that the client offers in TLS, for example `istio-http/1.1` from a sidecar.
    pub alpn: &'c str,
    /// Whether the connection carries HTTP.
    pub is_http: bool,
}

/// Whether a client uses TLS, and whether it shows a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// No TLS.
    Plaintext,
    /// TLS without a client certificate.
    Tls,
    /// TLS with a client certificate.
    Mutual,
}

/// The filter chain for a connection, or the reason why there is none.
#[derive(Debug, Clone)]
pub enum InboundMatch<'w, 'a> {
    /// A filter chain takes the connection.
    Taken(InboundChain<'w, 'a>),
    /// No filter chain matches: Envoy resets the connection (NR).
    NoFilterChain,
    /// A filter chain matches, but client and proxy do not agree on certificates.
    HandshakeFails,
    /// A filter chain for HTTP gets bytes that are not HTTP.
    ProtocolError,
    /// The connection goes to the port of the proxy itself.
    BlackHole,
}

/// The filter chain that takes a connection.
#[derive(Debug, Clone)]
pub struct InboundChain<'w, 'a> {
    /// The port; `None` if no service or Sidecar declares it, so that the proxy passes connections through.
    pub port: Option<&'w InboundPort<'w, 'a>>,
    /// Whether the proxy handles requests. Otherwise it only sees bytes.
    pub is_http: bool,
    /// The TLS that the proxy terminates. It passes other TLS through.
    pub terminates: TerminatedTls,
}

/// The TLS that a filter chain terminates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminatedTls {
    /// No TLS; the workload terminates it, if there is any.
    Nothing,
    /// TLS of the mesh, which proves the identity of the client.
    MeshTls,
    /// TLS that `ingress` of a Sidecar resource configures.
    IngressTls,
}

impl InboundChain<'_, '_> {
    /// istiod's name of the filter chain.
    pub fn name(&self) -> String {
        match &self.port {
            Some(port) => format!("{}_{}", port.bind, port.number),
            None if self.is_http => "virtualInbound-catchall-http".to_owned(),
            None => "virtualInbound".to_owned(),
        }
    }

    /// The name of the cluster.
    pub fn cluster(&self) -> String {
        self.port.map_or_else(|| "InboundPassthroughCluster".to_owned(), InboundPort::cluster)
    }

    /// The name of the only virtual host, if the proxy handles requests.
    pub fn virtual_host(&self) -> Option<String> {
        let port = self.port.map_or(0, |port| port.service_port);
        self.is_http.then(|| format!("inbound|http|{port}"))
    }
}

/// Finds the filter chain for a connection to a workload, by the port that it reaches, if the workload has it, and by the
/// mutual TLS of that port.
pub fn arrival<'w, 'a>(
    world: &World<'_>,
    port: Option<&'w InboundPort<'w, 'a>>,
    mtls: Mtls<'_, '_>,
    connection: &InboundConnection<'_>,
) -> InboundMatch<'w, 'a> {
    if connection.port == world.settings.capture_ports[1] {
        return InboundMatch::BlackHole;
    }
    let own_tls = port.and_then(|port| port.tls);
    let own_tls = own_tls.filter(|_| world.settings.sidecar_ingress_tls && mtls.mode == MtlsMode::Disable);
    let found = match own_tls {
        Some(tls) => ingress_chain(tls, port.map(|port| port.protocol), connection),
        None => chain(mtls.mode, class(port), connection),
    };
    match found {
        Err(mismatch) => mismatch.into(),
        Ok((is_http, terminates)) => {
            let has_http_bytes =
                connection.is_http && !(connection.is_encrypted() && terminates == TerminatedTls::Nothing);
            if is_http && !has_http_bytes {
                InboundMatch::ProtocolError
            } else {
                InboundMatch::Taken(InboundChain { port, is_http, terminates })
            }
        }
    }
}

/// The protocol class of a port's filter chains. Undeclared ports have protocol detection, and TLS that the workload
/// itself terminates counts as bytes.
fn class(port: Option<&InboundPort<'_, '_>>) -> ProtocolClass {
    match port.map_or(ProtocolClass::Auto, |port| port.protocol.class()) {
        ProtocolClass::Tls => ProtocolClass::Tcp,
        class => class,
    }
}

enum Mismatch {
    NoFilterChain,
    HandshakeFails,
}

impl From<Mismatch> for InboundMatch<'_, '_> {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::NoFilterChain => Self::NoFilterChain,
            Mismatch::HandshakeFails => Self::HandshakeFails,
        }
    }
}

/// Whether the matching filter chain handles requests, and the TLS that it terminates.
fn chain(
    mode: MtlsMode,
    class: ProtocolClass,
    connection: &InboundConnection<'_>,
) -> Result<(bool, TerminatedTls), Mismatch> {
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
    let terminates_mesh_tls = match connection.security {
        Security::Mutual => Ok((inside_tls, TerminatedTls::MeshTls)),
        _ => Err(Mismatch::HandshakeFails),
    };
    match mode {
        MtlsMode::Disable => Ok((in_the_clear, TerminatedTls::Nothing)),
        MtlsMode::Strict if is_encrypted => terminates_mesh_tls,
        MtlsMode::Strict => Err(Mismatch::NoFilterChain),
        MtlsMode::Permissive if !is_encrypted => Ok((in_the_clear, TerminatedTls::Nothing)),
        MtlsMode::Permissive if is_mesh(connection.alpn) => terminates_mesh_tls,
        MtlsMode::Permissive if class == ProtocolClass::Http => Err(Mismatch::NoFilterChain),
        MtlsMode::Permissive => Ok((false, TerminatedTls::Nothing)),
    }
}

/// The filter chain for TLS of a Sidecar resource. A client with a certificate of the mesh also requires one from the
/// server, which a server with its own certificate (SIMPLE) does not have.
fn ingress_chain(
    tls: &ServerTlsSettings,
    protocol: Option<Protocol>,
    connection: &InboundConnection<'_>,
) -> Result<(bool, TerminatedTls), Mismatch> {
    let wants_certificate = match tls.mode.map(|mode| mode.value) {
        Some(ServerTlsMode::Mutual | ServerTlsMode::IstioMutual) => Some(true),
        Some(ServerTlsMode::OptionalMutual) => None,
        _ => Some(false),
    };
    match connection.security {
        Security::Plaintext => Err(Mismatch::NoFilterChain),
        shown if wants_certificate.is_some_and(|wanted| wanted != (shown == Security::Mutual)) => {
            Err(Mismatch::HandshakeFails)
        }
        _ => {
            let is_http =
                protocol.is_some_and(|protocol| protocol == Protocol::Https || protocol.class() == ProtocolClass::Http);
            Ok((is_http, TerminatedTls::IngressTls))
        }
    }
}

impl InboundConnection<'_> {
    fn is_encrypted(&self) -> bool {
        self.security != Security::Plaintext
    }
}

/// Whether proxies of the mesh offer this protocol in TLS.
fn is_mesh(alpn: &str) -> bool {
    matches!(alpn, "istio" | "istio-peer-exchange") || is_mesh_http(alpn)
}

fn is_mesh_http(alpn: &str) -> bool {
    matches!(alpn, "istio-http/1.0" | "istio-http/1.1" | "istio-h2")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcomes of plaintext and TLS, with HTTP inside and other bytes, without and with a certificate.
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
            Ok((is_http, TerminatedTls::MeshTls)) => {
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
            Err(Mismatch::NoFilterChain) => "none",
            Err(Mismatch::HandshakeFails) => "handshake",
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
