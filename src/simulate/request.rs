//! A question: the request object of the interface.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

/// A request as somebody asks about it. What is left out is filled in from the manifests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Request {
    /// Echoed in the answer.
    pub id: serde_json::Value,
    /// Which proxy is asked.
    pub direction: Option<Direction>,
    /// The client. Default: a workload without labels in the namespace of the destination.
    pub from: Option<Workload>,
    /// The gateway that the request comes in by.
    pub gateway: Option<GatewayRef>,
    /// The workload at whose sidecar the request arrives.
    pub to: Option<Workload>,
    /// The protocol. Default: `http`.
    pub protocol: Option<Protocol>,
    /// What the client does about TLS. Default: `plaintext`.
    pub tls: Option<Tls>,
    /// The `Host` header, with or without a port.
    pub host: Option<String>,
    /// The port that the client dials. Default: that of `host`, else the only HTTP port of the service, else 80
    /// (443 with TLS).
    pub port: Option<u32>,
    /// The address that the client dials.
    pub address: Option<String>,
    /// The server name of TLS.
    pub sni: Option<String>,
    /// The protocol that TLS negotiates.
    pub alpn: Option<String>,
    /// The method. Default: `GET`.
    pub method: Option<String>,
    /// The scheme. Default: that of the connection.
    pub scheme: Option<String>,
    /// The path with its query string. Default: `/`.
    pub path: Option<String>,
    /// Headers by name.
    pub headers: BTreeMap<String, HeaderValue>,
    /// The claims of a valid token.
    pub claims: serde_json::Value,
    /// The client's address.
    pub source_ip: Option<String>,
    /// Whether the answer is to say which rules were considered.
    pub trace: bool,
}

/// Which proxy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The client's sidecar.
    Outbound,
    /// A gateway.
    Gateway,
    /// The server's sidecar.
    Inbound,
}

/// A workload, as far as configuration depends on it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Workload {
    /// The namespace.
    pub namespace: Option<String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The service account.
    pub service_account: Option<String>,
    /// The address.
    pub address: Option<IpAddr>,
}

/// A gateway: a Gateway resource as `namespace/name`, or the workload.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum GatewayRef {
    /// A Gateway resource.
    Name(String),
    /// The workload.
    Workload(Workload),
}

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2.
    Http2,
    /// gRPC.
    Grpc,
    /// Any bytes.
    Tcp,
}

/// What a client does about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Nothing.
    Plaintext,
    /// It wants TLS.
    Tls,
    /// It wants TLS and shows a certificate.
    Mtls,
}

/// The value of a header, or those of a repeated one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum HeaderValue {
    /// One line.
    One(String),
    /// Several lines.
    Many(Vec<String>),
}

impl HeaderValue {
    /// The values, in order.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Request {
    /// Reads a line of JSON.
    pub fn from_json(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}
