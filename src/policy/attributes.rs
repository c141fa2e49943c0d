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
    /// Whether a gateway of the mesh sends the request, so that its address is the source.
    pub is_from_gateway: bool,
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
}

impl<'r> Attributes<'r> {
    /// The values of a header or pseudo header; several if the header is repeated.
    pub(super) fn header(&self, name: &'r str) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let pseudo = self.http.and_then(|request| match () {
            () if is(":authority") || is("host") => Some(request.authority.as_bytes()),
            () if is(":method") => Some(request.method.as_bytes()),
            () if is(":scheme") => Some(request.scheme.as_bytes()),
            () => None,
        });
        let lines = self.http.filter(|_| pseudo.is_none()).map(|request| request.headers.iter());
        let lines = lines.into_iter().flatten().filter(move |(other, _)| name.eq_ignore_ascii_case(other));
        pseudo.into_iter().chain(lines.map(|(_, value)| value.as_ref()))
    }

    /// A claim of the accepted token, by its path.
    pub(super) fn claim(&self, path: &[&str]) -> Option<&'r serde_json::Value> {
        path.iter().try_fold(self.http?.claims, |claims, key| claims.get(key))
    }
}
