//! The sidecar of a server: the second leg of a request, or an inbound request by itself.

use std::net::IpAddr;
use std::sync::Arc;

use super::answer::{Answer, Decision, Outcome, PolicyVerdict, Refusal, Step};
use super::effects::{ReachedCluster, Rewritten};
use super::question::Question;
use super::request::{RequestProtocol, Tls};
use super::server::Server;
use super::{codec, trace, verdict, ztunnel};
use crate::policy::{Attributes, CompiledPolicies, Identity, PolicyRef, Ruling};
use crate::routing::HttpRequest;
use crate::routing::inbound::{
    InboundChain, InboundConnection, InboundMatch, PortOrigin, Receiver, Security, TerminatedTls, arrival,
};
use crate::world::{DataPlane, Mtls, MtlsMode, World};

/// A request as it arrives at a workload.
#[derive(Debug, Clone)]
pub struct Incoming<'q> {
    /// The port of the workload.
    pub port: u32,
    /// Whether the client uses TLS, and whether it shows a certificate.
    pub tls: Tls,
    /// The protocol that the client speaks.
    pub protocol: RequestProtocol,
    /// The protocol that the client offers in TLS. The default is that of a mesh proxy for clients with a certificate,
    /// else that of an ordinary client.
    pub alpn: Option<&'q str>,
    /// The server name that the client sends.
    pub sni: &'q str,
    /// The identity of the client, if it shows a certificate of the mesh.
    pub peer: Option<&'q Identity>,
    /// The address of the client, if it is known.
    pub source_ip: Option<IpAddr>,
    /// Whether a gateway of the mesh sends the request.
    pub is_from_gateway: bool,
    /// The request, with the claims of its token. Irrelevant if the protocol is TCP.
    pub request: &'q HttpRequest<'q>,
    /// Whether the answer must list the policy rules that were considered.
    pub trace: bool,
}

/// The answer of a server's sidecar.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// `forward`, `passthrough`, `denied`, `refused` or `blackhole`.
    pub outcome: Outcome,
    /// The HTTP status of a denied request.
    pub status: Option<u32>,
    /// Envoy's response flag.
    pub flag: Option<&'static str>,
    /// The reason why the connection is refused.
    pub refusal: Option<Refusal>,
    /// The cluster: `inbound|<port>||`, `InboundPassthroughCluster` or `BlackHoleCluster`.
    pub cluster: Option<String>,
    /// The address that the sidecar forwards to; null if it is the dialled address.
    pub endpoint: Option<String>,
    /// The host of the service that has the port; null without one.
    pub host: Option<String>,
    /// The name that istiod gives the filter chain.
    pub filter_chain: Option<String>,
    /// The virtual host; null if the filter chain is not for HTTP.
    pub virtual_host: Option<String>,
    /// The mutual TLS mode of the port: `DISABLE`, `PERMISSIVE` or `STRICT`.
    pub mtls: &'static str,
    /// The policy that decided; null without one.
    pub policy: Option<PolicyVerdict>,
    /// The policy rules that were considered, in order.
    pub trace: Vec<Step>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// Says what happens to a request at the sidecar of a workload: which filter chain takes the connection, whether the
/// policies allow the request, and where the sidecar forwards it.
pub fn arrive<'a>(world: &'a World<'a>, receiver: &Receiver<'a, 'a>, incoming: &Incoming<'_>) -> Leg {
    let server = Server::described(world, &CompiledPolicies::new(world), receiver, receiver.workload);
    at_sidecar(world, &server, incoming)
}

/// Says what happens to a request at the sidecar of a server.
pub(super) fn at_sidecar(world: &World<'_>, server: &Server<'_>, incoming: &Incoming<'_>) -> Leg {
    let is_http = incoming.protocol != RequestProtocol::Tcp;
    let security = match incoming.tls {
        Tls::Plaintext => Security::Plaintext,
        Tls::Tls => Security::Tls,
        Tls::Mtls => Security::Mutual,
    };
    let alpn = incoming.alpn.unwrap_or_else(|| usual_alpn(incoming.tls, incoming.protocol));
    let connection = InboundConnection { port: incoming.port, security, alpn, is_http };
    let mtls = server.mtls(incoming.port);
    let mut leg = Leg::new(Outcome::Refused, mtls.mode);
    match arrival(world, server.ports.get(&incoming.port), mtls, &connection) {
        InboundMatch::Taken(chain) => taken(world, server, incoming, &chain, &mut leg),
        InboundMatch::BlackHole => {
            leg.outcome = Outcome::Blackhole;
            leg.flag = Some("UH");
            leg.cluster = Some("BlackHoleCluster".to_owned());
            leg.filter_chain = Some("virtualInbound-blackhole".to_owned());
        }
        InboundMatch::NoFilterChain => {
            leg.flag = Some("NR");
            let is_strict = mtls.mode == MtlsMode::Strict && incoming.tls != Tls::Mtls;
            leg.refusal = is_strict.then_some(Refusal::RequiresMutualTls);
            leg.refused(world, mtls, "no filter chain matches the connection");
        }
        InboundMatch::HandshakeFails => {
            leg.refusal = Some(Refusal::Handshake);
            leg.refused(world, mtls, "client and proxy do not agree on certificates");
        }
        InboundMatch::ProtocolError => {
            leg.flag = Some("DPE");
            // A client that begins TLS cannot read the response.
            leg.status = (incoming.tls == Tls::Plaintext).then_some(400);
            leg.refused(world, mtls, "the proxy expects plaintext HTTP and gets other bytes");
        }
    }
    leg
}

/// The protocol that clients offer. Clients with a certificate of the mesh are treated as its proxies.
fn usual_alpn(tls: Tls, protocol: RequestProtocol) -> &'static str {
    match (tls, protocol) {
        (Tls::Plaintext, _) | (Tls::Tls, RequestProtocol::Tcp) => "",
        (Tls::Tls, RequestProtocol::Http) => "http/1.1",
        (Tls::Tls, RequestProtocol::Http2 | RequestProtocol::Grpc) => "h2",
        (Tls::Mtls, RequestProtocol::Tcp) => "istio",
        (Tls::Mtls, RequestProtocol::Http) => "istio-http/1.1",
        (Tls::Mtls, RequestProtocol::Http2 | RequestProtocol::Grpc) => "istio-h2",
    }
}

fn taken(world: &World<'_>, server: &Server<'_>, incoming: &Incoming<'_>, chain: &InboundChain<'_, '_>, leg: &mut Leg) {
    leg.outcome = if chain.port.is_some() { Outcome::Forward } else { Outcome::Passthrough };
    leg.cluster = Some(chain.cluster());
    leg.filter_chain = Some(chain.name());
    leg.virtual_host = chain.virtual_host();
    if let Some(port) = chain.port {
        leg.endpoint.clone_from(&port.endpoint);
        leg.host = match port.origin {
            PortOrigin::Service(service) => Some(service.hostname.clone()),
            PortOrigin::Ingress(_) => None,
        };
    }
    let http = chain.is_http.then_some(incoming.request);
    let normalization = world.settings.path_normalization;
    if let Some(rejected) = http.and_then(|http| codec::rejection(http, incoming.protocol, normalization)) {
        (leg.outcome, leg.status, leg.flag) = (rejected.outcome, rejected.status, rejected.flag);
        leg.cluster = None;
        leg.notes.extend(rejected.notes);
        return;
    }
    let attributes = Attributes {
        identity: incoming.peer.filter(|_| chain.terminates == TerminatedTls::MeshTls),
        source_ip: incoming.source_ip,
        is_from_gateway: incoming.is_from_gateway,
        remote_ip: http.map_or(incoming.source_ip, |request| request.client),
        destination_ip: server.address,
        destination_port: incoming.port,
        sni: incoming.sni,
        http,
    };
    let findings = server.policies.evaluate(&attributes, incoming.trace);
    if findings.ruling == Ruling::Denied {
        leg.outcome = Outcome::Denied;
        leg.status = chain.is_http.then(|| findings.status.unwrap_or(403));
    }
    let cause = match (&findings.provider, findings.ruling) {
        (Some((_, custom)), Ruling::External) => Some(custom),
        _ => findings.cause.as_ref(),
    };
    leg.policy = cause.map(|cause| verdict::of(world, cause));
    if incoming.trace {
        leg.trace = trace::policies(world, &findings);
    }
    leg.notes.extend(findings.notes);
    if findings.ignores_token {
        let name = name_of(server);
        leg.notes.push(format!("no RequestAuthentication selects {name}, so its sidecar ignores tokens"));
    }
    leg.notes.extend(server.patched.clone());
}

impl Leg {
    /// An answer with only an outcome.
    pub(super) fn new(outcome: Outcome, mode: MtlsMode) -> Self {
        Self {
            outcome,
            status: None,
            flag: None,
            refusal: None,
            cluster: None,
            endpoint: None,
            host: None,
            filter_chain: None,
            virtual_host: None,
            mtls: mode.as_str(),
            policy: None,
            trace: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn refused(&mut self, world: &World<'_>, mtls: Mtls<'_, '_>, note: &str) {
        self.notes.push(format!("{note}; the mutual TLS mode of the port is {}", mtls.mode.as_str()));
        self.policy = mtls.set_by.map(|(policy, span)| {
            let policy = PolicyRef::new(world, policy);
            verdict::of_policy(world, &policy, mtls.mode.as_str(), None, Some(span))
        });
    }
}

/// Answers a question about the sidecar of a server.
pub(super) fn answer(
    world: &World<'_>,
    question: &Question<'_, '_>,
    server: &Server<'_>,
    data_plane: DataPlane,
) -> Answer {
    let incoming = Incoming {
        port: question.port,
        tls: question.tls,
        protocol: question.protocol,
        alpn: question.alpn,
        sni: &question.server_name,
        peer: question.certificate.identity(),
        source_ip: question.client.address,
        is_from_gateway: false,
        request: &question.http,
        trace: question.trace,
    };
    let leg = match data_plane {
        DataPlane::Sidecar => at_sidecar(world, server, &incoming),
        DataPlane::Ambient => ztunnel::arrive(world, server, &incoming),
        DataPlane::None => at_workload(server, &incoming),
    };
    into_answer(question, server, leg)
}

/// A request at a workload without a proxy.
fn at_workload(server: &Server<'_>, incoming: &Incoming<'_>) -> Leg {
    let mut leg = Leg::new(Outcome::Forward, MtlsMode::Disable);
    let name = name_of(server);
    if incoming.tls == Tls::Mtls {
        leg.outcome = Outcome::Refused;
        leg.refusal = Some(Refusal::Handshake);
        leg.notes.push(format!("{name} has no sidecar, so it does not understand the mutual TLS of the mesh"));
    } else {
        leg.notes.push(format!("{name} has no sidecar: nothing enforces mutual TLS or policies"));
    }
    leg
}

/// The server as notes name it.
fn name_of(server: &Server<'_>) -> String {
    match server.workload {
        Some(workload) => format!("`{}`", workload.name),
        None => format!("the workload in namespace `{}`", server.namespace),
    }
}

fn into_answer(question: &Question<'_, '_>, server: &Server<'_>, leg: Leg) -> Answer {
    let request = &question.http;
    let goes_on = leg.outcome.goes_on();
    let named = Some(request.authority.to_string()).filter(|host| !host.is_empty());
    let host = named.or_else(|| leg.host.clone()).unwrap_or_default();
    // Only sidecars have clusters.
    let workload = || server.workload.map_or_else(|| server.namespace.clone(), |it| it.name.to_string());
    let cluster = leg.cluster.unwrap_or_else(|| format!("{}:{}", workload(), question.port));
    // An ingress port of a Sidecar leads to an address with a port of its own.
    let endpoint = leg.endpoint.filter(|_| leg.host.is_none());
    let split =
        endpoint.as_deref().and_then(|it| it.rsplit_once(':')).map(|(address, number)| (address, number.parse()));
    let (address, number) = match split {
        Some((address, Ok(number))) => (Some(address.to_owned()), Some(number)),
        _ => (endpoint, None),
    };
    let destination = goes_on.then(|| {
        let host = leg.host.or(address).unwrap_or_else(|| request.host().into_owned());
        ReachedCluster {
            workloads: server.workload.map(|workload| workload.name.to_string()).into_iter().collect(),
            ..ReachedCluster::new(cluster, host, number.or(Some(question.port)))
        }
    });
    let decision = Decision {
        status: leg.status,
        flag: leg.flag,
        refusal: leg.refusal,
        policy: leg.policy,
        destinations: destination.into_iter().collect(),
        notes: leg.notes,
        ..Decision::new(leg.outcome)
    };
    let request = (goes_on && question.protocol != RequestProtocol::Tcp).then(|| Rewritten::unchanged(&question.http));
    Answer { request, trace: leg.trace, ..Answer::new(question.id.clone(), host, Arc::new(decision)) }
}
