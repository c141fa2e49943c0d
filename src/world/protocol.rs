//! Protocols of ports (istio: `pkg/config/protocol`, `pkg/config/kube`).

use std::fmt;

use super::Section;

/// The protocol of a port, as istiod determines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names of the protocols")]
pub enum Protocol {
    Http,
    Http2,
    HttpProxy,
    Grpc,
    GrpcWeb,
    Https,
    Tls,
    Tcp,
    Mongo,
    Redis,
    MySql,
    Udp,
    /// Undeclared: the proxy detects it from the first bytes.
    Auto,
}

/// The class of a protocol, which decides the routes that apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolClass {
    /// `http` routes.
    Http,
    /// `tls` routes.
    Tls,
    /// `tcp` routes.
    Tcp,
    /// `http` routes for plaintext HTTP, else `tcp` routes.
    Auto,
    /// No routes: proxies do not handle UDP.
    Udp,
}

impl ProtocolClass {
    /// The sections of VirtualServices whose routes sidecars apply to a service port of this class (istiod:
    /// `buildSidecarOutboundTCPFilterChainOpts`, `buildSidecarOutboundTLSFilterChainOpts`).
    pub fn sections(self) -> &'static [Section] {
        match self {
            Self::Http => &[Section::Http],
            Self::Tls => &[Section::Tls],
            Self::Tcp => &[Section::Tcp],
            Self::Auto => &[Section::Http, Section::Tcp],
            Self::Udp => &[],
        }
    }
}

impl Protocol {
    /// Parses the `protocol` of a port of a Gateway, ServiceEntry or Sidecar. Upper and lower case do not matter. An
    /// unknown or empty protocol is detected.
    pub fn parse(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "http" => Self::Http,
            "http2" => Self::Http2,
            "http_proxy" => Self::HttpProxy,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "tcp" => Self::Tcp,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::MySql,
            "udp" => Self::Udp,
            _ => Self::Auto,
        }
    }

    /// The protocol of a port of a Kubernetes Service: its `appProtocol`, else the part of its name before the first
    /// `-` (istio: `ConvertProtocol`).
    pub fn of_service_port(port: u32, name: &str, app_protocol: Option<&str>, transport: Option<&str>) -> Self {
        if transport.is_some_and(|transport| transport.eq_ignore_ascii_case("UDP")) {
            return Self::Udp;
        }
        let declared = match app_protocol {
            Some("kubernetes.io/h2c") => return Self::Http2,
            Some("kubernetes.io/ws") => return Self::Http,
            Some("kubernetes.io/wss") => return Self::Https,
            Some(declared) => declared,
            None => name,
        };
        if declared.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("grpc-web")) {
            return Self::GrpcWeb;
        }
        // On the ports of these protocols the server sends the first bytes, so the protocol cannot be detected.
        const SERVER_FIRST: [u32; 4] = [25, 53, 3306, 27017];
        match Self::parse(declared.split('-').next().unwrap_or_default()) {
            Self::Auto if SERVER_FIRST.contains(&port) => Self::Tcp,
            protocol => protocol,
        }
    }

    /// The class of the protocol.
    pub fn class(self) -> ProtocolClass {
        match self {
            Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb => ProtocolClass::Http,
            Self::Https | Self::Tls => ProtocolClass::Tls,
            Self::Tcp | Self::Mongo | Self::Redis | Self::MySql => ProtocolClass::Tcp,
            Self::Udp => ProtocolClass::Udp,
            Self::Auto => ProtocolClass::Auto,
        }
    }

    /// Whether the port can carry plaintext HTTP.
    pub fn may_be_http(self) -> bool {
        matches!(self.class(), ProtocolClass::Http | ProtocolClass::Auto)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Http2 => "HTTP2",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Grpc => "GRPC",
            Self::GrpcWeb => "GRPC-WEB",
            Self::Https => "HTTPS",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Mongo => "MONGO",
            Self::Redis => "REDIS",
            Self::MySql => "MYSQL",
            Self::Udp => "UDP",
            Self::Auto => "auto-detected",
        })
    }
}
