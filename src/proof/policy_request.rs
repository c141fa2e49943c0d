//! Requests that show what was proven about the policies of a workload.

use std::net::IpAddr;

use super::witness;
use crate::policy::Identity;
use crate::simulate::{Answer, Outcome, Request, RequestProtocol, Simulator, Tls, WorkloadRef};
use crate::symbolic::{PolicyVerdict, PolicyWitness};

/// The requests that may be as a witness says, the most usual first. `connection` says where the request starts or ends;
/// `ports` are those of the workload at which it can arrive. Empty if no request can be like this.
pub fn requests(
    connection: &Request,
    witness: &PolicyWitness,
    ports: &[u32],
    is_tcp: bool,
    trust_domain: &str,
) -> Vec<Request> {
    let is_foreign = |identity: &Identity| identity.trust_domain != trust_domain;
    let identity = witness.identity.as_ref().and_then(Option::as_ref);
    let address = address(witness);
    if witness.is_open || identity.is_some_and(is_foreign) || address.is_err() {
        return Vec::new();
    }
    let tls: &[Tls] = match &witness.identity {
        Some(Some(_)) => &[Tls::Mtls],
        Some(None) => &[Tls::Plaintext, Tls::Tls],
        None => &[Tls::Plaintext, Tls::Mtls, Tls::Tls],
    };
    let own = [witness.port.unwrap_or_default()];
    let ports = if witness.port.is_some() { &own[..] } else { ports };
    let mut found = Vec::new();
    for port in ports {
        for tls in tls {
            let mut request = if is_tcp { connection.clone() } else { with_http(connection, witness) };
            request.port = Some(*port);
            request.tls = Some(*tls).filter(|tls| *tls != Tls::Plaintext);
            request.protocol = is_tcp.then_some(RequestProtocol::Tcp);
            request.sni = witness.sni.clone().filter(|name| !name.is_empty());
            request.source_ip = address.ok().flatten().map(|address| address.to_string());
            if let Some(identity) = identity {
                request.from = Some(WorkloadRef {
                    namespace: Some(identity.namespace.clone()),
                    service_account: Some(identity.service_account.clone()),
                    ..WorkloadRef::default()
                });
            }
            found.push(request);
        }
    }
    found
}

/// The address of the client, if it matters. The error is for two of them: of the connection, and of the original client.
fn address(witness: &PolicyWitness) -> Result<Option<IpAddr>, ()> {
    match (witness.source_ip, witness.remote_ip) {
        (Some(source), Some(remote)) if source != remote => Err(()),
        (source, remote) => Ok(source.or(remote)),
    }
}

fn with_http(connection: &Request, witness: &PolicyWitness) -> Request {
    let sample = &witness.sample;
    let mut request = connection.clone();
    let filled = |text: &str, usual: &str| Some(text.to_owned()).filter(|text| text != usual);
    if !sample.authority.is_empty() {
        request.host = Some(sample.authority.clone());
    }
    request.method = filled(&sample.method, "GET");
    request.path = filled(&sample.path_and_query(), "/");
    for (name, value) in &sample.headers {
        witness::add_header(&mut request.headers, name, value);
    }
    request.issuer.clone_from(&witness.issuer);
    request.claims = sample.claims.clone();
    request
}

/// Whether an answer has a verdict of policies.
pub fn shows(answer: &Answer, verdict: &PolicyVerdict) -> bool {
    let action = answer.policy.as_ref().map(|policy| policy.action);
    match verdict {
        PolicyVerdict::Denied => answer.outcome == Outcome::Denied,
        PolicyVerdict::Allowed => answer.outcome.goes_on() && action != Some("CUSTOM"),
        PolicyVerdict::External(_) => answer.outcome.goes_on() && action == Some("CUSTOM"),
    }
}

/// The first of some requests whose answer has a verdict, with the answer.
pub fn replayed(
    simulator: &Simulator<'_>,
    requests: Vec<Request>,
    verdict: &PolicyVerdict,
) -> Option<(Request, Answer)> {
    requests.into_iter().find_map(|request| {
        let answer = simulator.simulate(&request).ok().filter(|answer| shows(answer, verdict))?;
        Some((request, answer))
    })
}
