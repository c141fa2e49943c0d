//! The question that a request asks, resolved against the manifests.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use super::cache::{Cache, NO_LABELS};
use super::compiled::Compiled;
use super::dial;
use super::journey::Journey;
use super::request::{Direction, GatewayRef, ProxyKind, Request, RequestProtocol, Tls, WorkloadRef};
use super::server::Server;
use super::{Simulator, sender};
use crate::policy::Identity;
use crate::routing::{self, CarriedToken, Payload, Reception, TokenState};
use crate::uri::in_brackets;
use crate::world::{ClientDataPlane, DataPlane, Workload, World};

/// A request with all defaults filled in. Answers are made from this alone.
pub(super) struct Question<'q, 'a> {
    /// The id of the request.
    pub id: &'q serde_json::Value,
    /// The name of the Gateway, if the request names one.
    pub gateway: Option<&'q str>,
    /// The proxy that gets the request.
    pub proxy: ReceivingProxy<'q, 'a>,
    /// The sender of the request.
    pub client: Client<'q>,
    /// The port that the client dials; at a server, the port of the workload.
    pub port: u32,
    /// The protocol that the client speaks.
    pub protocol: RequestProtocol,
    /// Whether the client uses TLS, and whether it shows a certificate.
    pub tls: Tls,
    /// The certificate that the client shows.
    pub certificate: Certificate,
    /// The protocol that the client offers in TLS, if the request names one.
    pub alpn: Option<&'q str>,
    /// The server name that the client sends if it uses TLS.
    pub server_name: Cow<'q, str>,
    /// The request as Envoy's router sees it. Irrelevant if the protocol is TCP.
    pub http: routing::HttpRequest<'q>,
    /// Whether the answer must list the routes and policy rules that were considered.
    pub trace: bool,
    /// The proxies of gateways, for a way that leads through one. `None` at the sidecar of a server.
    pub next: Option<&'q Cache<'a>>,
    /// The visits of gateways on the way to this proxy.
    pub visited: Vec<String>,
    /// The visits of gateways on all ways, once there is one.
    pub journey: OnceCell<Rc<Journey>>,
}

/// The certificate that a client shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Certificate {
    /// None.
    None,
    /// One of unknown origin.
    Own,
    /// That of an identity of the mesh.
    Mesh(Identity),
}

impl Certificate {
    /// The identity of the mesh that it proves.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Mesh(identity) => Some(identity),
            Self::None | Self::Own => None,
        }
    }
}

/// The proxy that gets the request.
pub(super) enum ReceivingProxy<'q, 'a> {
    /// The sidecar of the client, or a gateway.
    Client {
        /// The listeners of the proxy at the port.
        listeners: Arc<Compiled<'a>>,
        /// The address that the client dials.
        address: IpAddr,
    },
    /// No proxy that routes requests: the client has none, or it is in the ambient mesh.
    Direct(DirectClient<'q, 'a>),
    /// The sidecar of a server, or what a server has in its place.
    Server(Arc<Server<'a>>, DataPlane),
}

/// A client without a proxy that routes requests.
pub(super) struct DirectClient<'q, 'a> {
    /// Its data plane: ambient or none.
    pub data_plane: DataPlane,
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: &'q BTreeMap<String, String>,
    /// The workload of the manifests that it is, if there is one.
    pub workload: Option<&'a Workload<'a>>,
    /// The host that it dials, in lower case.
    pub host: Cow<'q, str>,
    /// The address that it dials, if the request names one.
    pub address: Option<IpAddr>,
}

/// The sender of a request, as far as the request describes it.
pub(super) struct Client<'q> {
    pub service_account: Option<&'q str>,
    pub address: Option<IpAddr>,
}

impl<'q, 'a> Question<'q, 'a> {
    /// Resolves a request. The error says which field is missing or invalid.
    pub fn new(request: &'q Request, simulator: &'q Simulator<'a>) -> Result<Self, String> {
        let is_inbound = match request.direction {
            Some(direction) => direction == Direction::Inbound,
            None => request.to.is_some(),
        };
        if is_inbound { Self::at_server(request, simulator) } else { Self::at_client(request, simulator) }
    }

    /// A request at the sidecar of its client, or at a gateway.
    fn at_client(request: &'q Request, simulator: &'q Simulator<'a>) -> Result<Self, String> {
        let (world, cache) = (simulator.world, &simulator.cache);
        if request.direction == Some(Direction::Gateway) && request.gateway.is_none() {
            return Err(format!("direction `gateway` needs {}", request.field("gateway")));
        }
        let (host, name, written_port) = dialled_host(request)?;
        let name = lower_case(name);
        let from = request.from.as_ref();
        let dialled = cache.dialled(&name, from.and_then(|from| from.namespace.as_deref()));
        let written_port = dial::named_port(request.port, written_port)?;
        let (tls, protocol) = (request.tls(), request.protocol());
        let is_gateway = is_gateway(request);
        let of_gateway = from.filter(|_| is_gateway && request.gateway.is_none());
        let proxy = match (&request.gateway, of_gateway) {
            (Some(GatewayRef::Name(written)), _) => cache.gateway(&*cache.named_gateway(written)?),
            (Some(GatewayRef::Workload(workload)), _) | (None, Some(workload)) => cache.described_gateway(workload),
            (None, None) => cache.sidecar(from, &dialled.namespace),
        };
        let port = written_port.unwrap_or_else(|| match is_gateway {
            true => dial::default_port(tls),
            false => dialled.ports.default_for(tls, protocol),
        });
        let named_address = dial::named_address(request.address.as_deref(), "address")?;
        let source_ip = dial::named_address(request.source_ip.as_deref(), "sourceIp")?;
        let of_client = from.filter(|_| request.gateway.is_none()).and_then(|from| from.address);
        let address_of_client = source_ip.or(of_client);
        let client = Client::new(request, address_of_client);
        let server_name = request.server_name().map_or(name.clone(), Cow::Borrowed);
        let data_plane = data_plane(from, &proxy.client);
        let mut reception = Reception::Sidecar;
        let receiving = if !is_gateway && data_plane != DataPlane::Sidecar {
            ReceivingProxy::Direct(DirectClient {
                data_plane,
                namespace: proxy.namespace().to_owned(),
                labels: from.map_or(&NO_LABELS, |from| &from.labels),
                workload: proxy.client.workload,
                host: name,
                address: named_address,
            })
        } else {
            let listeners = proxy.at(port);
            let address = match named_address {
                Some(address) => address,
                // Clients dial the gateway, not the address of the host.
                None if is_gateway => proxy.address().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                None => listeners.http_proxy().unwrap_or(dialled.address),
            };
            reception = listeners.reception(tls);
            ReceivingProxy::Client { listeners, address }
        };
        let mut http = http(request, host, simulator);
        http.receive(reception, address_of_client);
        Ok(Self {
            id: &request.id,
            gateway: written_gateway(request),
            proxy: receiving,
            client,
            port,
            protocol,
            tls,
            certificate: certificate(world, request, from, &dialled.namespace),
            alpn: alpn(request),
            server_name,
            http,
            trace: request.trace,
            next: Some(cache),
            visited: Vec::new(),
            journey: OnceCell::new(),
        })
    }

    /// A request at the sidecar of a server.
    fn at_server(request: &'q Request, simulator: &'q Simulator<'a>) -> Result<Self, String> {
        let (world, cache) = (simulator.world, &simulator.cache);
        let to = request.to.as_ref();
        let to = to.ok_or_else(|| format!("direction `inbound` needs {}, the workload", request.field("to")))?;
        let namespace = to.namespace.as_deref().unwrap_or(&world.settings.default_namespace);
        let dialled = dial::named_address(request.address.as_deref(), "address")?;
        let server = cache.described_server(to, to.address.or(dialled));
        let port = match dial::named_port(request.port, None)? {
            Some(port) => port,
            None => only_port(&server, request)?,
        };
        let source_ip = dial::named_address(request.source_ip.as_deref(), "sourceIp")?;
        // Clients of sidecars are in the mesh: one that the request does not describe has no labels.
        let nobody = WorkloadRef::default();
        let from = request.from.as_ref().unwrap_or(&nobody);
        let address_of_client = source_ip.or(from.address);
        let host = request.host.as_deref().unwrap_or_default();
        let mut http = http(request, host, simulator);
        http.receive(Reception::Sidecar, address_of_client);
        let data_plane = to.kind.map_or(server.data_plane, of_kind);
        Ok(Self {
            id: &request.id,
            gateway: None,
            proxy: ReceivingProxy::Server(server, data_plane),
            client: Client::new(request, address_of_client),
            port,
            protocol: request.protocol(),
            tls: request.tls(),
            certificate: certificate(world, request, Some(from), namespace),
            alpn: alpn(request),
            server_name: request.server_name().unwrap_or_default().into(),
            http,
            trace: request.trace,
            next: None,
            visited: Vec::new(),
            journey: OnceCell::new(),
        })
    }

    /// All on which the answer of a gateway on the way depends, as a key.
    pub fn asked(&self) -> String {
        let Self { client, port, protocol, tls, certificate, alpn, server_name, http, visited, .. } = self;
        format!(
            "{:?} {:?} {port} {protocol:?} {tls:?} {certificate:?} {alpn:?} {server_name} {http:?}",
            visited.last(),
            client.address
        )
    }

    /// The first bytes that the client sends.
    pub fn payload(&self) -> Payload<'_> {
        match (self.tls, self.protocol) {
            (Tls::Tls | Tls::Mtls, _) => Payload::Tls(&self.server_name),
            (Tls::Plaintext, RequestProtocol::Tcp) => Payload::Bytes,
            (Tls::Plaintext, RequestProtocol::Http | RequestProtocol::Http2 | RequestProtocol::Grpc) => Payload::Http,
        }
    }
}

impl<'q> Client<'q> {
    fn new(request: &'q Request, address: Option<IpAddr>) -> Self {
        let from = request.from.as_ref();
        Self { service_account: from.and_then(|from| from.service_account.as_deref()), address }
    }
}

/// The data plane of the client: that which the request names, else that of the manifests. A client that the request does
/// not describe is a proxy of the mesh, unless its namespace is ambient.
fn data_plane(from: Option<&WorkloadRef>, client: &ClientDataPlane<'_, '_>) -> DataPlane {
    match (from, client.data_plane) {
        (Some(WorkloadRef { kind: Some(kind), .. }), _) => of_kind(*kind),
        (None, DataPlane::None) => DataPlane::Sidecar,
        (_, known) => known,
    }
}

fn of_kind(kind: ProxyKind) -> DataPlane {
    match kind {
        ProxyKind::Sidecar | ProxyKind::Gateway => DataPlane::Sidecar,
        ProxyKind::Ambient => DataPlane::Ambient,
        ProxyKind::None => DataPlane::None,
    }
}

/// The certificate that a client shows, which is in the default namespace if the request names none. Of a client that the
/// request does not describe, nothing is known.
fn certificate(
    world: &World<'_>,
    request: &Request,
    client: Option<&WorkloadRef>,
    default_namespace: &str,
) -> Certificate {
    match (request.tls(), client) {
        (Tls::Plaintext | Tls::Tls, _) => Certificate::None,
        (Tls::Mtls, None) => Certificate::Own,
        (Tls::Mtls, Some(client)) => {
            let namespace = client.namespace.as_deref().unwrap_or(default_namespace);
            let account = client.service_account.as_deref();
            Certificate::Mesh(sender::client_identity(world, namespace, &client.labels, account))
        }
    }
}

/// The `Host` header, the name that the client dials, and the digits of the port in `host`. Without a host the client dials
/// the server name of TLS, else the address, which stands in brackets in a `Host` header if it is one of IPv6.
fn dialled_host(request: &Request) -> Result<(Cow<'_, str>, &str, Option<&str>), String> {
    if let Some((name, port)) = request.named_host() {
        let host = request.host.as_deref().filter(|host| !host.is_empty());
        return Ok((host.unwrap_or(name).into(), name, port));
    }
    let address = request.address.as_deref().filter(|address| !address.is_empty());
    let address = address.ok_or("the request has no host")?;
    Ok((in_brackets(address), address, None))
}

/// The only port of a workload.
fn only_port(server: &Server<'_>, request: &Request) -> Result<u32, String> {
    let field = request.field("port");
    let known: Vec<u32> = server.ports.keys().copied().collect();
    match known.as_slice() {
        [only] => Ok(*only),
        [] => Err(format!("no service selects the workload, so the request needs {field}")),
        several => {
            let several: Vec<String> = several.iter().map(u32::to_string).collect();
            Err(format!("the workload has several ports ({}), so the request needs {field}", several.join(", ")))
        }
    }
}

fn alpn(request: &Request) -> Option<&str> {
    request.alpn.as_deref().filter(|alpn| !alpn.is_empty())
}

fn written_gateway(request: &Request) -> Option<&str> {
    match &request.gateway {
        Some(GatewayRef::Name(name)) => Some(name),
        _ => None,
    }
}

/// Whether a gateway gets the request.
fn is_gateway(request: &Request) -> bool {
    let is_from_gateway = request.from.as_ref().is_some_and(|from| from.kind == Some(ProxyKind::Gateway));
    request.gateway.is_some() || (is_from_gateway && request.to.is_none())
}

/// The request as it reaches the proxy, before the proxy settles its headers.
fn http<'q>(
    request: &'q Request,
    host: impl Into<Cow<'q, str>>,
    simulator: &Simulator<'_>,
) -> routing::HttpRequest<'q> {
    let target = request.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    // Proxies add a header.
    let mut headers = Vec::with_capacity(request.headers.len() + 1);
    for (name, value) in &request.headers {
        headers.extend(value.values().iter().map(|value| (lower_case(name), value.trim().as_bytes().into())));
    }
    let of_connection = if request.tls() == Tls::Plaintext { "http" } else { "https" };
    routing::HttpRequest {
        authority: host.into(),
        method: request.method.as_deref().unwrap_or("GET").into(),
        scheme: request.scheme.as_deref().unwrap_or(of_connection).into(),
        path: routing::normalize_path(path.as_bytes(), simulator.world.settings.path_normalization),
        query: query.map(|query| query.as_bytes().into()),
        headers,
        token: token(request),
        time: simulator.time,
        ..routing::HttpRequest::default()
    }
}

/// The token that the request is said to carry. Without any of its fields, the headers decide.
fn token(request: &Request) -> Option<CarriedToken<'_>> {
    let is_described = !request.claims.is_null() || request.issuer.is_some() || !request.audiences.is_empty();
    let state = request.token.or(is_described.then_some(TokenState::Valid))?;
    let issuer = request.issuer.as_deref();
    Some(CarriedToken { state, claims: &request.claims, issuer, audiences: &request.audiences })
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}
