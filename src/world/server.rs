//! Servers of Gateways.

use std::borrow::Cow;

use super::{Protocol, ProtocolClass, Section, VirtualService, host};
use crate::model::field::TextField;
use crate::model::networking::{self, ServerTlsMode};
use crate::source::{Span, Spanned};

/// A server of a Gateway: a port, its handling of TLS, and the hosts that it serves.
#[derive(Debug)]
pub struct Server<'a> {
    /// The server as it is written.
    pub spec: Cow<'a, networking::Server>,
    /// The number of its port.
    pub port: Option<Spanned<u32>>,
    /// The protocol of its port.
    pub protocol: Protocol,
    /// The mode of TLS; `None` if clients send plaintext. istiod ignores `tls` on ports of an HTTP protocol, but for
    /// `httpsRedirect`, and treats `tls` without `mode` as `PASSTHROUGH` (istiod: `IsTLSServer`).
    pub tls_mode: Option<ServerTlsMode>,
    /// Its hosts. `*/*` stands for all hosts and replaces the whole list (istiod: `sanitizeServerHostNamespace`).
    pub hosts: Vec<ServerHost>,
}

/// A host of a server: the names it serves and the namespaces whose VirtualServices may bind to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHost {
    /// The namespace whose VirtualServices may bind; `None` for all namespaces. No namespace is called `~`.
    pub namespace: Option<String>,
    /// The DNS name.
    pub host: String,
    /// The place of the entry of `hosts`.
    pub span: Span,
}

impl ServerHost {
    /// Reads `host`, `ns/host`, `./host` or `*/host` as written in a Gateway of `namespace`.
    pub fn parse(written: &Spanned<String>, namespace: &str) -> Self {
        let (admitted, host) = match written.split_once('/') {
            Some(("*", host)) => (None, host),
            Some((".", host)) => (Some(namespace), host),
            Some((other, host)) => (Some(other), host),
            None => (None, written.as_str()),
        };
        Self { namespace: admitted.map(str::to_owned), host: host.to_owned(), span: written.span }
    }

    /// Whether VirtualServices of a namespace may bind to the host.
    pub fn admits(&self, namespace: &str) -> bool {
        self.namespace.as_ref().is_none_or(|admitted| admitted == namespace)
    }
}

impl<'a> Server<'a> {
    pub(super) fn new(spec: Cow<'a, networking::Server>, namespace: &str) -> Self {
        let port = spec.port.as_ref();
        let protocol = Protocol::parse(port.map_or("", |port| port.protocol.text()));
        let tls = spec.tls.as_ref().filter(|_| protocol.class() != ProtocolClass::Http);
        let hosts = match spec.hosts.iter().find(|host| host.as_str() == "*/*") {
            Some(all) => vec![ServerHost { namespace: None, host: "*".to_owned(), span: all.span }],
            None => spec.hosts.iter().map(|host| ServerHost::parse(host, namespace)).collect(),
        };
        Self {
            port: port.and_then(|port| port.number),
            protocol,
            tls_mode: tls.map(|tls| tls.effective_mode()),
            hosts,
            spec,
        }
    }

    /// The section of VirtualServices whose routes the server uses. `None` for `AUTO_PASSTHROUGH`: such a server routes
    /// by the server name alone, to the clusters that it can reach (istiod: `buildGatewayTCPBasedFilterChains`,
    /// `createGatewayTCPFilterChainOpts`).
    pub fn section(&self) -> Option<Section> {
        match self.tls_mode {
            None if self.protocol.class() == ProtocolClass::Http => Some(Section::Http),
            None => Some(Section::Tcp),
            Some(ServerTlsMode::AutoPassthrough) => None,
            Some(ServerTlsMode::Passthrough) => Some(Section::Tls),
            Some(_) if self.protocol == Protocol::Https => Some(Section::Http),
            Some(_) => Some(Section::Tcp),
        }
    }

    /// Whether a VirtualService has routes of the section that the server uses.
    pub fn takes_routes_of(&self, virtual_service: &VirtualService<'_>) -> bool {
        self.section().is_some_and(|section| virtual_service.has_routes(section))
    }

    /// Whether clients use TLS (istiod: `IsTLSServer`).
    pub fn is_tls(&self) -> bool {
        self.tls_mode.is_some()
    }

    /// Whether clients of the server may have an identity: the server asks them for a certificate, or leaves TLS to the
    /// destination.
    pub fn identifies_clients(&self) -> bool {
        !matches!(self.tls_mode, None | Some(ServerTlsMode::Simple))
    }

    /// Whether TLS passes through to the destination (istiod: `IsPassThroughServer`).
    pub fn passes_tls_through(&self) -> bool {
        matches!(self.tls_mode, Some(ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough))
    }

    /// Whether the gateway terminates TLS.
    pub fn terminates_tls(&self) -> bool {
        self.is_tls() && !self.passes_tls_through()
    }

    /// Whether the server presents a certificate that its settings name.
    pub fn has_own_certificate(&self) -> bool {
        use ServerTlsMode::{Mutual, OptionalMutual, Simple};
        matches!(self.tls_mode, Some(Simple | Mutual | OptionalMutual))
    }

    /// The place of `tls.httpsRedirect: true`: plaintext requests are redirected to HTTPS, and no route is used.
    pub fn https_redirect(&self) -> Option<Span> {
        let redirect = self.spec.tls.as_ref()?.https_redirect?;
        redirect.value.then_some(redirect.span)
    }

    /// The address that it listens on, as written; `None` for all addresses.
    pub fn bind(&self) -> Option<&str> {
        self.spec.bind.filled().map(|bind| bind.as_str())
    }

    /// The number of its port, if it has one.
    pub fn port_number(&self) -> Option<u32> {
        self.port.map(|port| port.value)
    }

    /// The DNS names that VirtualServices of `namespace` may bind to.
    pub fn hosts_for(&self, namespace: &str) -> Vec<&str> {
        self.hosts.iter().filter(|host| host.admits(namespace)).map(|host| host.host.as_str()).collect()
    }

    /// Whether a host of a VirtualService of `namespace` has a name in common with the hosts of the server.
    pub fn serves(&self, host: &str, namespace: &str) -> bool {
        self.hosts.iter().any(|own| own.admits(namespace) && host::overlap(&own.host, host))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::{Section, Settings, World};

    #[test]
    fn the_section_follows_from_protocol_and_tls() {
        use Section::{Http, Tcp, Tls};
        let cases = [
            ("HTTP", "", Some(Http), false),
            ("GRPC", ", tls: {httpsRedirect: true}", Some(Http), false),
            ("HTTPS", ", tls: {mode: SIMPLE}", Some(Http), true),
            ("HTTPS", ", tls: {mode: PASSTHROUGH}", Some(Tls), false),
            ("HTTPS", ", tls: {}", Some(Tls), false),
            ("HTTPS", ", tls: {mode: AUTO_PASSTHROUGH}", None, false),
            ("TLS", ", tls: {mode: AUTO_PASSTHROUGH}", None, false),
            ("TLS", ", tls: {mode: MUTUAL}", Some(Tcp), true),
            ("TLS", ", tls: {mode: PASSTHROUGH}", Some(Tls), false),
            ("TCP", "", Some(Tcp), false),
            ("TCP", ", tls: {mode: SIMPLE}", Some(Tcp), true),
            ("", "", Some(Tcp), false),
        ];
        for (protocol, tls, section, terminates_tls) in cases {
            let text = format!(
                "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: public, namespace: shop}}\n\
                 spec: {{servers: [{{port: {{number: 1, protocol: '{protocol}'}}, hosts: ['*']{tls}}}]}}\n"
            );
            let snapshot = Snapshot::of_texts([("gateway.yaml", text.as_str())]);
            let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
            let server = &world.gateways[0].servers[0];
            assert_eq!((server.section(), server.terminates_tls()), (section, terminates_tls), "{protocol}{tls}");
        }
    }
}
