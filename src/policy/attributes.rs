//! The attributes of a request by which a proxy evaluates policies.

use std::net::IpAddr;

use super::Identity;
use crate::routing::HttpRequest;

/// The attributes of a request, or of a connection that the proxy does not handle as HTTP.
#[derive(Debug, Clone)]
pub struct Attributes<'r> {
    /// The identity in the certificate of the client; `None` without mutual TLS.
    pub identity: Option<&'r Identity>,
    /// The source address of the connection, if it is known.
    pub source_ip: Option<IpAddr>,
    /// The address of the original client, if it is known.
    pub remote_ip: Option<IpAddr>,
    /// The destination address of the connection, if it is known.
    pub destination_ip: Option<IpAddr>,
    /// The port of the workload, not of the service.
    pub destination_port: u32,
    /// The server name of TLS.
    pub sni: &'r str,
    /// The request; `None` if the proxy does not handle the port as HTTP.
    pub http: Option<&'r HttpRequest<'r>>,
    /// The claims of the accepted token; null without one.
    pub claims: &'r serde_json::Value,
}

impl<'r> Attributes<'r> {
    /// The values of a header or pseudo header; several if the header is repeated.
    pub(super) fn header(&self, name: &str) -> Vec<&[u8]> {
        let Some(request) = self.http else { return Vec::new() };
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            ":authority" | "host" => vec![request.authority.as_bytes()],
            ":method" => vec![request.method.as_bytes()],
            ":scheme" => vec![request.scheme.as_bytes()],
            _ => {
                let lines = request.headers.iter().filter(|(other, _)| *other == name);
                lines.map(|(_, value)| value.as_ref()).collect()
            }
        }
    }

    /// The texts of the claim at a path: that of a string, or those of a list.
    pub(super) fn claim(&self, path: &[&str]) -> Vec<&str> {
        match path.iter().try_fold(self.claims, |claims, key| claims.get(key)) {
            Some(serde_json::Value::String(text)) => vec![text],
            Some(serde_json::Value::Array(items)) => items.iter().filter_map(serde_json::Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}
