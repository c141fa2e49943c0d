//! What happens at the sidecar of the server: the second leg of a request, or one that is asked about alone.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::dial;
use super::request::{Protocol, Request as Question, Tls};
use super::result::{Answer, Decision as Decided, Destination, Outcome, PolicyVerdict, Rewritten, Step, Verdict};
use crate::model::LabelSet;
use crate::model::security::PolicyAction;
use crate::policy::{self, Attributes, Cause, Decision, Findings, Identity, PolicyRef};
use crate::routing::Request;
use crate::routing::inbound::{self, Arrival, Chain, Connection, Ends, PortOrigin, Receiver, Security, arrival};
use crate::source::Span;
use crate::world::{Mtls, World};

/// A request as it comes to a workload.
#[derive(Debug, Clone)]
pub struct Incoming<'q> {
    /// The workload's port, which the proxy in front of it listens on.
    pub port: u32,
    /// What the client does about TLS.
    pub tls: Tls,
    /// What it speaks.
    pub protocol: Protocol,
    /// The protocol that it offers in TLS; `None` for what a proxy of the mesh (with a certificate) or any other client
    /// (without one) offers.
    pub alpn: Option<&'q str>,
    /// The server name that it asks for.
    pub sni: &'q str,
    /// Who it is, if it shows a certificate of the mesh.
    pub peer: Option<&'q Identity>,
    /// The address that it comes from, if it is known.
    pub source_ip: Option<IpAddr>,
    /// The request, with the claims of its token. Of TCP it does not matter.
    pub request: &'q Request<'q>,
    /// Whether the rules that were considered are wanted.
    pub trace: bool,
}

/// What becomes of a request at the server's sidecar.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leg {
    /// What happens: `forward`, `passthrough`, `denied`, `refused` or `blackhole`.
    pub outcome: Outcome,
    /// What the client sees if it is denied.
    pub status: Option<u32>,
    /// Envoy's response flag.
    pub flag: Option<&'static str>,
    /// The cluster: `inbound|<port>||`, `InboundPassthroughCluster` or `BlackHoleCluster`.
    pub cluster: Option<String>,
    /// The address that the sidecar sends the request to; null if it is the one that was dialled.
    pub endpoint: Option<String>,
    /// The service whose port this is; null if none has it.
    pub host: Option<String>,
    /// The filter chain, by istiod's name.
    pub filter_chain: Option<String>,
    /// The virtual host; null if the sidecar does not look for requests.
    pub virtual_host: Option<String>,
    /// What the port takes: `DISABLE`, `PERMISSIVE` or `STRICT`.
    pub mtls: &'static str,
    /// The policy that decided; null if none applies.
    pub policy: Option<PolicyVerdict>,
    /// The rules that were considered, in order.
    pub trace: Vec<Step>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// Says what becomes of a request at the sidecar of a workload: which filter chain takes the connection, whether the
/// policies let the request in, and where it goes then.
///
/// This is the whole of the inbound side. An answer about the outbound side can call it for each destination's workloads
/// ([`Receiver::of`]) to show the second leg.
pub fn arrive(world: &World<'_>, receiver: &Receiver<'_, '_>, incoming: &Incoming<'_>) -> Leg {
    let is_http = incoming.protocol != Protocol::Tcp;
    let security = match incoming.tls {
        Tls::Plaintext => Security::Plaintext,
        Tls::Tls => Security::Tls,
        Tls::Mtls => Security::Mutual,
    };
    let alpn = incoming.alpn.unwrap_or_else(|| usual_alpn(incoming.tls, incoming.protocol));
    let connection = Connection { port: incoming.port, security, alpn, is_http };
    let (arrival, mtls) = arrival(world, receiver, &connection);
    let mut leg = Leg {
        outcome: Outcome::Refused,
        status: None,
        flag: None,
        cluster: None,
        endpoint: None,
        host: None,
        filter_chain: None,
        virtual_host: None,
        mtls: mtls.mode.as_str(),
        policy: None,
        trace: Vec::new(),
        notes: Vec::new(),
    };
    match arrival {
        Arrival::Taken(chain) => taken(world, receiver, incoming, &chain, &mut leg),
        Arrival::BlackHole => {
            leg.outcome = Outcome::Blackhole;
            leg.flag = Some("UH");
            leg.cluster = Some("BlackHoleCluster".to_owned());
            leg.filter_chain = Some("virtualInbound-blackhole".to_owned());
        }
        Arrival::NoFilterChain => {
            leg.flag = Some("NR");
            leg.refused(world, mtls, "no filter chain takes the connection");
        }
        Arrival::HandshakeFails => {
            leg.refused(world, mtls, "client and proxy do not agree on certificates");
        }
        Arrival::ProtocolError => {
            leg.flag = Some("DPE");
            leg.refused(world, mtls, "the proxy expects plain HTTP there and gets other bytes");
        }
    }
    leg
}

/// What clients offer: those with a certificate of the mesh are taken for its proxies.
fn usual_alpn(tls: Tls, protocol: Protocol) -> &'static str {
    match (tls, protocol) {
        (Tls::Plaintext, _) | (Tls::Tls, Protocol::Tcp) => "",
        (Tls::Tls, Protocol::Http) => "http/1.1",
        (Tls::Tls, Protocol::Http2 | Protocol::Grpc) => "h2",
        (Tls::Mtls, Protocol::Tcp) => "istio",
        (Tls::Mtls, Protocol::Http) => "istio-http/1.1",
        (Tls::Mtls, Protocol::Http2 | Protocol::Grpc) => "istio-h2",
    }
}

fn taken(
    world: &World<'_>,
    receiver: &Receiver<'_, '_>,
    incoming: &Incoming<'_>,
    chain: &Chain<'_, '_>,
    leg: &mut Leg,
) {
    leg.outcome = if chain.port.is_some() { Outcome::Forward } else { Outcome::Passthrough };
    leg.cluster = Some(chain.cluster());
    leg.filter_chain = Some(chain.name());
    leg.virtual_host = chain.virtual_host();
    if let Some(port) = &chain.port {
        leg.endpoint.clone_from(&port.endpoint);
        leg.host = match port.origin {
            PortOrigin::Service(service) => Some(service.hostname.clone()),
            PortOrigin::Ingress(_) => None,
        };
    }
    let http = chain.is_http.then_some(incoming.request);
    let attributes = Attributes {
        identity: incoming.peer.filter(|_| chain.ends == Ends::MeshTls),
        source_ip: incoming.source_ip,
        remote_ip: http.map_or(incoming.source_ip, |request| policy::remote_ip(request, incoming.source_ip)),
        destination_ip: receiver.address,
        destination_port: incoming.port,
        sni: incoming.sni,
        http,
        claims: &serde_json::Value::Null,
    };
    let findings = policy::evaluate(world, receiver.namespace, &receiver.labels, &attributes);
    if findings.decision == Decision::Denied {
        leg.outcome = Outcome::Denied;
        leg.status = chain.is_http.then(|| findings.status.unwrap_or(403));
    }
    let cause = match (&findings.provider, findings.decision) {
        (Some((_, custom)), Decision::External) => Some(custom),
        _ => findings.cause.as_ref(),
    };
    leg.policy = cause.map(|cause| verdict(world, cause));
    if incoming.trace {
        leg.trace = steps(world, &findings);
    }
    leg.notes.extend(findings.notes);
}

impl Leg {
    fn refused(&mut self, world: &World<'_>, mtls: Mtls<'_, '_>, note: &str) {
        self.notes.push(format!("{note}; mutual TLS on this port is {}", mtls.mode.as_str()));
        self.policy = mtls.set_by.map(|(policy, span)| {
            let policy = PolicyRef::new(world, policy);
            policy_verdict(world, &policy, mtls.mode.as_str(), None, Some(span))
        });
    }
}

/// The word of the API; tokens are no action.
fn action_word(action: Option<PolicyAction>) -> &'static str {
    action.map_or("token", PolicyAction::as_str)
}

fn policy_verdict(
    world: &World<'_>,
    policy: &PolicyRef,
    action: &'static str,
    rule: Option<usize>,
    span: Option<Span>,
) -> PolicyVerdict {
    let span = span.unwrap_or(policy.span);
    PolicyVerdict {
        kind: policy.kind,
        name: policy.name.clone(),
        action,
        rule,
        file: policy.file.clone(),
        line: world.snapshot.sources.start(span).line,
        reason: None,
        span,
    }
}

pub(super) fn verdict(world: &World<'_>, cause: &Cause) -> PolicyVerdict {
    let (index, span) = cause.rule.unzip();
    let verdict = policy_verdict(world, &cause.policy, action_word(cause.action), index, span);
    PolicyVerdict { reason: cause.reason.clone(), ..verdict }
}

/// The rules that were considered, as answers show them.
pub(super) fn steps(world: &World<'_>, findings: &Findings) -> Vec<Step> {
    let step = |considered: &policy::Considered| {
        let (index, span) = considered.rule.unzip();
        let place = policy_verdict(world, &considered.policy, action_word(considered.action), index, span);
        let mut step = Step {
            route: None,
            policy: Some(place),
            verdict: Verdict::NotMatched,
            condition: None,
            seen: None,
            wanted: None,
        };
        let mut reason = |verdict, reason: &str| {
            step.verdict = verdict;
            step.condition = Some(reason.to_owned());
        };
        match &considered.outcome {
            policy::Outcome::Matched => step.verdict = Verdict::Matched,
            policy::Outcome::NotMatched(failure) => {
                step.condition = Some(failure.condition.clone());
                step.seen.clone_from(&failure.seen);
                step.wanted = Some(failure.wanted.clone());
            }
            policy::Outcome::WithoutRules => reason(Verdict::NotMatched, "it has no rules, so it matches nothing"),
            policy::Outcome::Void(why) => reason(Verdict::Excluded, &format!("the rule is left out: {why}")),
            policy::Outcome::DryRun(true) => reason(Verdict::Excluded, "a dry run: it would match"),
            policy::Outcome::DryRun(false) => reason(Verdict::Excluded, "a dry run: it would not match"),
        }
        step
    };
    findings.considered.iter().map(step).collect()
}

/// Whether a question is about the server's sidecar.
pub(super) fn is_asked(question: &Question) -> bool {
    match question.direction {
        Some(direction) => direction == super::Direction::Inbound,
        None => question.to.is_some(),
    }
}

/// Answers a question about the server's sidecar.
pub(super) fn answer(world: &World<'_>, question: &Question) -> Result<Answer, String> {
    let to = question.to.as_ref().ok_or("direction inbound needs the field to: the workload")?;
    let namespace = to.namespace.as_deref().unwrap_or(&world.settings.default_namespace);
    let labels: LabelSet<'_> = to.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let dialled = dial::named_address(question.address.as_deref(), "address")?;
    let receiver = Receiver::described(world, namespace, labels, to.address.or(dialled));
    let port = port(world, question, &receiver)?;
    let peer = peer(world, question, namespace);
    let source_ip = dial::named_address(question.source_ip.as_deref(), "sourceIp")?;
    let host = question.host.as_deref().unwrap_or_default();
    // What the client's proxy says of the scheme is believed.
    let request = super::routing_request(question, host, world.settings.path_normalization);
    let leg = arrive(
        world,
        &receiver,
        &Incoming {
            port,
            tls: question.tls.unwrap_or(if dial::has_tls(question) { Tls::Tls } else { Tls::Plaintext }),
            protocol: question.protocol.unwrap_or(Protocol::Http),
            alpn: question.alpn.as_deref().filter(|alpn| !alpn.is_empty()),
            sni: question.sni.as_deref().unwrap_or_default(),
            peer: peer.as_ref(),
            source_ip: source_ip.or(question.from.as_ref().and_then(|from| from.address)),
            request: &request,
            trace: question.trace,
        },
    );
    Ok(into_answer(question, &receiver, &request, port, leg))
}

/// The port that is asked for, else the only one that the workload is known to have.
fn port(world: &World<'_>, question: &Question, receiver: &Receiver<'_, '_>) -> Result<u32, String> {
    if let Some(port) = dial::named_port(question, None)? {
        return Ok(port);
    }
    let known: Vec<u32> = inbound::ports(world, receiver).into_keys().collect();
    match known.as_slice() {
        [only] => Ok(*only),
        [] => Err("no service leads to the workload: name the port".to_owned()),
        several => {
            let several: Vec<String> = several.iter().map(u32::to_string).collect();
            Err(format!("the workload has several ports ({}): name one", several.join(", ")))
        }
    }
}

/// Who the client is, if it shows a certificate.
fn peer(world: &World<'_>, question: &Question, namespace: &str) -> Option<Identity> {
    let from = question.from.as_ref();
    (question.tls == Some(Tls::Mtls)).then(|| Identity {
        trust_domain: world.settings.trust_domain.clone(),
        namespace: from.and_then(|from| from.namespace.clone()).unwrap_or_else(|| namespace.to_owned()),
        service_account: from.and_then(|it| it.service_account.clone()).unwrap_or_else(|| "default".to_owned()),
    })
}

fn into_answer(question: &Question, receiver: &Receiver<'_, '_>, request: &Request<'_>, port: u32, leg: Leg) -> Answer {
    let goes_on = matches!(leg.outcome, Outcome::Forward | Outcome::Passthrough);
    let asked = Some(request.authority.to_string()).filter(|host| !host.is_empty());
    let host = asked.or_else(|| leg.host.clone()).unwrap_or_default();
    let destination = leg.cluster.filter(|_| goes_on).map(|cluster| Destination {
        cluster,
        host: leg.host.or(leg.endpoint).unwrap_or_else(|| request.host().into_owned()),
        subset: None,
        port: Some(port),
        weight: 100.into(),
        workloads: receiver.workload.map(|workload| workload.name.to_string()).into_iter().collect(),
        problem: None,
        status: None,
        load_balancer: None,
        tls: None,
    });
    let decision = Decided {
        status: leg.status,
        flag: leg.flag,
        policy: leg.policy,
        destinations: destination.into_iter().collect(),
        notes: leg.notes,
        ..Decided::new(leg.outcome)
    };
    let request = (goes_on && question.protocol != Some(Protocol::Tcp)).then(|| Rewritten {
        authority: request.authority.to_string(),
        path: request.path_and_query(),
        ..Rewritten::default()
    });
    Answer {
        id: question.id.clone(),
        host,
        gateway: None,
        decision: Arc::new(decision),
        request,
        location: None,
        arrivals: Arc::default(),
        trace: leg.trace,
    }
}
