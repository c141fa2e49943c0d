//! A request that was asked, in the form of the lines of `mesh simulate --requests`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::simulate::{
    Direction, GatewayRef, HeaderValue, ProxyKind, Request, RequestProtocol, Tls, TokenState, WorkloadRef,
};

/// A request, with the fields that it sets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestObject<'a> {
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    id: &'a serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<WorkloadObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<GatewayObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<WorkloadObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, HeaderObject<'a>>,
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    claims: &'a serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    audiences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    trace: bool,
}

/// A workload, as far as configuration depends on it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum GatewayObject<'a> {
    Name(&'a str),
    Workload(WorkloadObject<'a>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum HeaderObject<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl<'a> RequestObject<'a> {
    pub(super) fn of(request: &'a Request) -> Self {
        let gateway = |gateway: &'a GatewayRef| match gateway {
            GatewayRef::Name(name) => GatewayObject::Name(name),
            GatewayRef::Workload(workload) => GatewayObject::Workload(WorkloadObject::of(workload)),
        };
        let headers = request.headers.iter().map(|(name, value)| {
            let value = match value {
                HeaderValue::One(value) => HeaderObject::One(value),
                HeaderValue::Many(values) => HeaderObject::Many(values),
            };
            (name.as_str(), value)
        });
        Self {
            id: &request.id,
            mesh: request.mesh.as_deref(),
            direction: request.direction.map(|direction| match direction {
                Direction::Outbound => "outbound",
                Direction::Gateway => "gateway",
                Direction::Inbound => "inbound",
            }),
            from: request.from.as_ref().map(WorkloadObject::of),
            gateway: request.gateway.as_ref().map(gateway),
            to: request.to.as_ref().map(WorkloadObject::of),
            protocol: request.protocol.map(|protocol| match protocol {
                RequestProtocol::Http => "http",
                RequestProtocol::Http2 => "http2",
                RequestProtocol::Grpc => "grpc",
                RequestProtocol::Tcp => "tcp",
            }),
            tls: request.tls.map(|tls| match tls {
                Tls::Plaintext => "plaintext",
                Tls::Tls => "tls",
                Tls::Mtls => "mtls",
            }),
            host: request.host.as_deref(),
            port: request.port,
            address: request.address.as_deref(),
            sni: request.sni.as_deref(),
            alpn: request.alpn.as_deref(),
            method: request.method.as_deref(),
            scheme: request.scheme.as_deref(),
            path: request.path.as_deref(),
            headers: headers.collect(),
            claims: &request.claims,
            token: request.token.map(|token| match token {
                TokenState::Valid => "valid",
                TokenState::Invalid => "invalid",
                TokenState::Expired => "expired",
                TokenState::None => "none",
            }),
            issuer: request.issuer.as_deref(),
            audiences: &request.audiences,
            source_ip: request.source_ip.as_deref(),
            trace: request.trace,
        }
    }
}

impl<'a> WorkloadObject<'a> {
    fn of(workload: &'a WorkloadRef) -> Self {
        Self {
            kind: workload.kind.map(|kind| match kind {
                ProxyKind::Sidecar => "sidecar",
                ProxyKind::None => "none",
                ProxyKind::Ambient => "ambient",
                ProxyKind::Gateway => "gateway",
            }),
            name: workload.name.as_deref(),
            namespace: workload.namespace.as_deref(),
            labels: &workload.labels,
            service_account: workload.service_account.as_deref(),
            address: workload.address.map(|address| address.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_can_be_asked_again() {
        let line = r#"{"id":1,"mesh":"m","direction":"gateway","from":{"kind":"sidecar","namespace":"n","labels":{"a":"b"},"serviceAccount":"s","address":"10.0.0.1"},"gateway":"a/b","to":{"namespace":"n"},"protocol":"grpc","tls":"mtls","host":"h","port":80,"address":"10.0.0.2","sni":"s","alpn":"h2","method":"POST","scheme":"https","path":"/p","headers":{"a":"b","c":["d","e"]},"claims":{"x":"y"},"token":"valid","issuer":"i","audiences":["a"],"sourceIp":"10.0.0.3","trace":true}"#;
        let request = Request::from_json(line.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&RequestObject::of(&request)).unwrap(), line);
    }
}
