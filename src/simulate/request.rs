//! The request object of the interface.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::routing::TokenState;
use crate::uri::split_port;

/// A request to simulate. The manifests provide the fields that are left out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Request {
    /// An id that the answer repeats.
    pub id: serde_json::Value,
    /// The mesh. Default: the only one that knows the host.
    pub mesh: Option<String>,
    /// The proxy that gets the request.
    pub direction: Option<Direction>,
    /// The client. Default: a workload without labels in the namespace of the destination.
    #[serde(deserialize_with = "object_or_null")]
    pub from: Option<WorkloadRef>,
    /// The gateway.
    pub gateway: Option<GatewayRef>,
    /// The server. Its sidecar gets the request.
    #[serde(deserialize_with = "object_or_null")]
    pub to: Option<WorkloadRef>,
    /// The protocol. Default: `http`.
    pub protocol: Option<RequestProtocol>,
    /// Whether the client uses TLS. Default: `tls` with `sni`, else `plaintext`.
    pub tls: Option<Tls>,
    /// The `Host` header, with or without a port.
    pub host: Option<String>,
    /// The port that the client dials. Default: that of `host`, else the only HTTP port of the service, else 80
    /// (443 with TLS).
    pub port: Option<u32>,
    /// The address that the client dials. On the command line also a host, which is looked up.
    pub address: Option<String>,
    /// The server name of TLS.
    pub sni: Option<String>,
    /// The protocol that the client offers in TLS.
    pub alpn: Option<String>,
    /// The method. Default: `GET`.
    pub method: Option<String>,
    /// The scheme. Default: that of the connection.
    pub scheme: Option<String>,
    /// The path with its query string. Default: `/`.
    pub path: Option<String>,
    /// Headers by name.
    pub headers: BTreeMap<String, HeaderValue>,
    /// The claims of the token.
    pub claims: serde_json::Value,
    /// Whether the request carries a token that issuers accept. Default: `valid` with `claims`, `issuer` or
    /// `audiences`, else none.
    pub token: Option<TokenState>,
    /// The issuer of the token (`iss`).
    pub issuer: Option<String>,
    /// The audiences of the token (`aud`).
    pub audiences: Vec<String>,
    /// The address of the client.
    pub source_ip: Option<String>,
    /// Whether the answer lists the routes and rules that were considered.
    pub trace: bool,
    /// Whether a person asks, on the command line: a name may be that of a namespace, labels select the workload that has
    /// them, and a request for a host that only a Gateway serves goes to that Gateway.
    #[serde(skip)]
    pub is_informal: bool,
    /// Whether errors name the options of the command line instead of fields.
    #[serde(skip)]
    pub names_options: bool,
}

/// A kind of proxy that gets requests.
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
pub struct WorkloadRef {
    /// The kind of its proxy. Default: as the manifests have it.
    pub kind: Option<ProxyKind>,
    /// The name of a workload of the manifests, which have the other fields: `web`, `shop/web`, `deployment/web` or
    /// `shop/deployment/web`. The name of a pod, or of a Service that leads to only one workload, stands for that workload.
    pub name: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The service account.
    pub service_account: Option<String>,
    /// The address.
    pub address: Option<IpAddr>,
}

/// The kind of proxy that a workload has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    /// A sidecar.
    Sidecar,
    /// No proxy: the workload speaks plain Kubernetes.
    None,
    /// The ztunnel of its node, in ambient mode.
    Ambient,
    /// The proxy of a gateway.
    Gateway,
}

/// A gateway: a Gateway resource as `namespace/name`, or a workload. The name may also be that of a gateway workload or
/// of its Service, or `mesh` for the sidecar of the client.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum GatewayRef {
    /// The name.
    Name(String),
    /// The workload.
    #[serde(deserialize_with = "object")]
    Workload(WorkloadRef),
}

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2.
    Http2,
    /// gRPC.
    Grpc,
    /// Bytes that are not HTTP.
    Tcp,
}

/// Whether a client uses TLS, and whether it shows a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// No TLS.
    Plaintext,
    /// TLS without a client certificate.
    Tls,
    /// TLS with a client certificate.
    Mtls,
}

/// The value of a header, or the values of a repeated one.
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
        // Serde would take an array for the fields in their order.
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err(Error::custom("not a JSON object"));
        }
        match std::str::from_utf8(line) {
            // One look at the whole line is faster than one at each of its strings.
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(line),
        }
    }

    /// Whether the client uses TLS. One that names a server does, unless the request says otherwise.
    pub fn tls(&self) -> Tls {
        self.tls.unwrap_or(if self.server_name().is_some() { Tls::Tls } else { Tls::Plaintext })
    }

    /// The protocol that the client speaks.
    pub fn protocol(&self) -> RequestProtocol {
        self.protocol.unwrap_or(RequestProtocol::Http)
    }

    /// The server name, if the request has one.
    pub fn server_name(&self) -> Option<&str> {
        self.sni.as_deref().filter(|sni| !sni.is_empty())
    }

    /// The host that the request names, without a port, and the digits of its port: `host`, else the server name, which has
    /// no port.
    pub fn named_host(&self) -> Option<(&str, Option<&str>)> {
        let host = self.host.as_deref().filter(|host| !host.is_empty());
        host.map(split_port).or_else(|| Some((self.server_name()?, None)))
    }

    /// A field as errors name it: "the field `sourceIp`", or its option "`--source-ip`".
    pub(super) fn field(&self, name: &str) -> String {
        if !self.names_options {
            return format!("the field `{name}`");
        }
        let mut option = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                option.push('-');
            }
            option.push(letter.to_ascii_lowercase());
        }
        format!("`--{option}`")
    }
}

/// Reads a workload. Serde would take an array for the fields in their order.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WorkloadRef, D::Error> {
    object_or_null(deserializer)?.ok_or_else(|| Error::custom("expected an object"))
}

fn object_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WorkloadRef>, D::Error> {
    struct Object;
    impl<'de> Visitor<'de> for Object {
        type Value = Option<WorkloadRef>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            WorkloadRef::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Object)
}
