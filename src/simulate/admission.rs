//! Whether a proxy admits a connection and a request, before it routes them: certificates and policies.

use super::answer::{Answer, Decision, Outcome, Refusal, Step};
use super::outbound::Outbound;
use super::question::Certificate;
use super::request::Tls;
use super::{trace, verdict};
use crate::model::networking::ServerTlsMode;
use crate::policy::{self, Attributes, Identity, TokenEffect, WorkloadPolicies};
use crate::routing::Payload;

/// The policies that a proxy applies to requests before it routes them.
#[derive(Clone, Copy)]
pub(super) enum OwnPolicies<'q, 'a> {
    /// None: the sidecar of a client.
    None,
    /// Those of its workload: a gateway.
    Gateway,
    /// Those that target the waypoint or the service.
    Waypoint(&'q Waypoint<'a>),
}

/// A waypoint, as far as its policies depend on it.
pub(super) struct Waypoint<'a> {
    /// The policies that target the waypoint or the service.
    pub policies: WorkloadPolicies<'a>,
    /// The client, which ztunnel authenticates.
    pub identity: Identity,
}

/// The verdict of the policies of a proxy.
pub(super) enum Screened {
    /// They deny the request.
    Denied(Box<Answer>),
    /// The request goes on.
    Passed(Passage),
}

/// A request that the policies of a proxy let through.
#[derive(Default)]
pub(super) struct Passage {
    /// The changes of the filter for tokens, if there is one.
    pub token: Option<Box<TokenEffect>>,
    /// The policy rules that were considered.
    trace: Vec<Step>,
    notes: Vec<String>,
}

impl Passage {
    /// Adds what the policies say to an answer.
    pub fn join(self, answer: &mut Answer) {
        if !self.trace.is_empty() {
            answer.trace.splice(..0, self.trace);
        }
        answer.note(self.notes);
    }
}

impl Outbound<'_, '_> {
    /// Whether the client must have a certificate of the mesh, and the request does not give it one.
    pub(super) fn assumes_certificate(&self) -> bool {
        if !self.compiled.proxy.is_gateway()
            || !self.question.visited.is_empty()
            || self.question.certificate != Certificate::None
            || self.question.tls == Tls::Plaintext
        {
            return false;
        }
        let chain = self.compiled.listener(self.connection.address).and_then(|it| it.chain(&self.connection));
        chain.and_then(|chain| chain.action.terminates()) == Some(ServerTlsMode::IstioMutual)
    }

    /// The answer if client and gateway do not agree on certificates. `MUTUAL` and `ISTIO_MUTUAL` require one of the client.
    /// A proxy with a certificate of the mesh requires one of the mesh from the gateway.
    pub(super) fn refused_handshake(&self, terminates: Option<ServerTlsMode>) -> Option<Answer> {
        let mode = terminates?;
        let is_proxy = !self.question.visited.is_empty();
        let note = match (mode, &self.question.certificate) {
            // Clients of such a server are proxies of the mesh, whatever the request says: `answer` notes it.
            (ServerTlsMode::IstioMutual, Certificate::None) if !is_proxy => return None,
            (ServerTlsMode::Mutual | ServerTlsMode::IstioMutual, Certificate::None) => format!(
                "the gateway requires a certificate of the client (`tls.mode: {}`), and the client shows none",
                mode.as_str()
            ),
            (ServerTlsMode::IstioMutual, _) => return None,
            (_, Certificate::Mesh(_)) if is_proxy => format!(
                "the client uses mutual TLS of the mesh, and the gateway shows a certificate of its own (`tls.mode: {}`)",
                mode.as_str()
            ),
            _ => return None,
        };
        let refusal = Some(Refusal::Handshake);
        Some(self.decided(Decision { refusal, notes: vec![note], ..Decision::new(Outcome::Refused) }))
    }

    /// The note on a token that the proxy does not read.
    fn ignored_token(&self) -> String {
        match self.policies {
            OwnPolicies::Waypoint(_) => {
                "no RequestAuthentication targets the waypoint or the service, so the waypoint ignores tokens"
            }
            OwnPolicies::Gateway | OwnPolicies::None => {
                "no RequestAuthentication selects the gateway, so the gateway ignores tokens"
            }
        }
        .to_owned()
    }

    /// The verdict of the policies of the proxy on the request. Proxies apply policies before routing.
    pub(super) fn screened(&self, port: u32, is_http: bool, terminates: Option<ServerTlsMode>) -> Screened {
        let proxy = &self.compiled.proxy;
        let (policies, identity, destination_ip) = match self.policies {
            OwnPolicies::None => return Screened::Passed(Passage::default()),
            OwnPolicies::Gateway => {
                let identity = match &self.question.certificate {
                    Certificate::Mesh(identity) if terminates == Some(ServerTlsMode::IstioMutual) => Some(identity),
                    _ => None,
                };
                (&*self.compiled.policies, identity, proxy.address)
            }
            OwnPolicies::Waypoint(waypoint) => (&waypoint.policies, Some(&waypoint.identity), None),
        };
        let presents_token = is_http && policy::is_presented(self.request);
        if policies.is_empty() && !policies.has_notes() && !presents_token {
            return Screened::Passed(Passage::default());
        }
        let source_ip = self.question.client.address;
        let attributes = Attributes {
            identity,
            source_ip,
            is_from_gateway: self.question.visited.len() > 1,
            remote_ip: if is_http { self.request.client } else { source_ip },
            destination_ip,
            destination_port: port,
            sni: match self.connection.payload {
                Payload::Tls(name) => name,
                Payload::Http | Payload::Bytes => "",
            },
            http: is_http.then_some(self.request),
        };
        let mut findings = policies.evaluate(&attributes, self.question.trace);
        if findings.ignores_token {
            findings.notes.push(self.ignored_token());
        }
        let trace = if self.question.trace { trace::policies(proxy.world, &findings) } else { Vec::new() };
        if findings.ruling != policy::Ruling::Denied {
            return Screened::Passed(Passage { token: Some(Box::new(findings.token)), trace, notes: findings.notes });
        }
        let decision = Decision {
            status: is_http.then(|| findings.status.unwrap_or(403)),
            policy: findings.cause.as_ref().map(|cause| verdict::of(proxy.world, cause)),
            notes: findings.notes,
            ..Decision::new(Outcome::Denied)
        };
        Screened::Denied(Box::new(Answer { trace, ..self.decided(decision) }))
    }
}
