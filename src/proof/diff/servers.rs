//! The sidecars of servers: which connections they take, at which ports.

use std::collections::BTreeSet;

use super::change::{Candidate, Found, Requests};
use crate::proof::context;
use crate::proof::ports::{self, Ports};
use crate::proof::vantage::ELSEWHERE;
use crate::simulate::{Answer, Request, RequestProtocol, Tls, WorkloadRef, answer_differences};
use crate::source::Span;
use crate::world::World;

/// Compares what the sidecars of the workloads that both meshes have do with a request of each kind.
pub fn compare(found: &mut Found<'_, '_>) {
    let names = |world: &World<'_>| -> BTreeSet<String> {
        world.workloads.iter().filter(|it| !world.is_gateway_workload(it)).map(|it| it.name.to_string()).collect()
    };
    let (old, new) = (found.old.world(), found.new.world());
    let both: Vec<String> = names(old).intersection(&names(new)).cloned().collect();
    for name in both {
        let to = WorkloadRef { name: Some(name.clone()), ..WorkloadRef::default() };
        let ports = ports::of_workload(&[old, new], &name);
        compare_ports(found, &name, &to, &ports);
    }
    for to in absent(&[old, new]) {
        let namespace = to.namespace.as_deref().unwrap_or_default();
        let name = format!("workloads in {}", context::workloads(namespace, &to.labels));
        // No workload has this name: the ports are those of the policies.
        let ports = ports::of_workload(&[old, new], "");
        compare_ports(found, &name, &to, &ports);
    }
}

fn compare_ports(found: &mut Found<'_, '_>, name: &str, to: &WorkloadRef, ports: &Ports) {
    for number in ports.all() {
        for connection in CONNECTIONS {
            compare_request(found, name, request(to, number, connection), ports.mentioned(number));
        }
    }
}

/// The workloads that PeerAuthentications select and the manifests may lack: for each of them those of its namespace, or of
/// any namespace, with the labels of its selector.
fn absent(worlds: &[&World<'_>]) -> Vec<WorkloadRef> {
    let mut found: Vec<WorkloadRef> = Vec::new();
    for world in worlds {
        for policy in world.policies.peer_authentications() {
            let selector = policy.spec.selector.as_ref();
            let labels = selector.map(|selector| selector.match_labels.to_map()).unwrap_or_default();
            let own = policy.name.namespace.as_ref();
            let namespace = if own == world.settings.root_namespace { ELSEWHERE } else { own };
            let workload = WorkloadRef { namespace: Some(namespace.to_owned()), labels, ..WorkloadRef::default() };
            if !found.contains(&workload) {
                found.push(workload);
            }
        }
    }
    found
}

/// The kinds of connections that sidecars of servers tell apart.
const CONNECTIONS: [(Tls, Option<RequestProtocol>); 6] = [
    (Tls::Plaintext, None),
    (Tls::Plaintext, Some(RequestProtocol::Tcp)),
    (Tls::Mtls, None),
    (Tls::Mtls, Some(RequestProtocol::Tcp)),
    (Tls::Tls, None),
    (Tls::Tls, Some(RequestProtocol::Tcp)),
];

/// Compares connections of one kind to a port of a workload.
fn compare_request(found: &mut Found<'_, '_>, name: &str, request: Request, port: Option<u32>) {
    match (found.old.simulate(&request), found.new.simulate(&request)) {
        (Ok(before), Ok(after)) => {
            let aspects = answer_differences(&before, &after);
            if aspects.is_empty() {
                return;
            }
            let (old, new) = (place(&before), place(&after));
            let is_anywhere = old.is_none() && new.is_none();
            let taken = (old, new, if is_anywhere { name.to_owned() } else { "server".to_owned() });
            let requests = Requests::On(words(&request), port);
            let candidate = Candidate { taken: &taken, vantage: None, host: name, requests, aspects: &aspects };
            found.add(&candidate, request, (before, after));
        }
        (Err(old), Err(new)) if old.error == new.error => {}
        (Err(unanswered), _) | (_, Err(unanswered)) => {
            found.diff.incomplete.insert(unanswered.error);
        }
    }
}

/// The policy that decides.
fn place(answer: &Answer) -> Option<Span> {
    answer.policy.as_ref().map(|policy| policy.span)
}

fn request(to: &WorkloadRef, port: u32, (tls, protocol): (Tls, Option<RequestProtocol>)) -> Request {
    let tls = Some(tls).filter(|it| *it != Tls::Plaintext);
    Request { to: Some(to.clone()), port: Some(port), tls, protocol, ..Request::default() }
}

/// The connections like that of a request, in words.
fn words(request: &Request) -> &'static str {
    match (request.tls(), request.protocol()) {
        (Tls::Plaintext, RequestProtocol::Tcp) => "bytes without TLS",
        (Tls::Plaintext, _) => "HTTP without TLS",
        (Tls::Tls, RequestProtocol::Tcp) => "bytes in TLS without a client certificate",
        (Tls::Tls, _) => "HTTP in TLS without a client certificate",
        (Tls::Mtls, RequestProtocol::Tcp) => "bytes in mutual TLS of the mesh",
        (Tls::Mtls, _) => "HTTP in mutual TLS of the mesh",
    }
}
