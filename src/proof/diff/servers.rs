//! The sidecars of servers: which connections they take, at which ports.

use std::collections::BTreeSet;

use super::change::{Candidate, Found};
use crate::model::wording;
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
        let ports: Vec<u32> = ports(&[old, new], &name).into_iter().collect();
        for connection in CONNECTIONS {
            compare_workload(found, &name, connection, &ports);
        }
    }
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

/// The ports at which sidecars may tell connections apart: those of the services before the workload, those of its
/// containers and of Sidecar resources, and another one.
fn ports(worlds: &[&World<'_>], name: &str) -> BTreeSet<u32> {
    let mut ports = BTreeSet::new();
    for world in worlds {
        for workload in world.workloads.iter().filter(|it| it.name.to_string() == name) {
            for service in world.services.before(workload) {
                ports.extend(service.ports.iter().filter_map(|port| workload.port_behind(port)));
            }
            if let Some(sidecar) = world.sidecar_of(&workload.name.namespace, &workload.labels) {
                let listeners = sidecar.spec.ingress.iter();
                ports.extend(listeners.filter_map(|it| it.port.as_ref()?.number).map(|number| number.value));
            }
        }
        let with_ports = world.policies.peer_authentications().iter().flat_map(|it| it.spec.port_level_mtls.iter());
        ports.extend(with_ports.filter_map(|(port, _)| port.parse::<u32>().ok()));
    }
    let unused = (1..=u16::MAX).rev().map(u32::from).find(|port| !ports.contains(port));
    ports.extend(unused);
    ports
}

/// Compares connections of one kind to the ports of a workload. Ports that are treated alike are one change.
fn compare_workload(found: &mut Found<'_, '_>, name: &str, connection: (Tls, Option<RequestProtocol>), ports: &[u32]) {
    let mut changes: Vec<(BTreeSet<u32>, Request, Answer, Answer)> = Vec::new();
    for &port in ports {
        let request = request(name, port, connection);
        match (found.old.simulate(&request), found.new.simulate(&request)) {
            (Ok(before), Ok(after)) => {
                if answer_differences(&before, &after).is_empty() {
                    continue;
                }
                let outcome = |answer: &Answer| (answer.outcome, answer.status, place(answer));
                let is_alike = |(_, _, one, other): &&mut (BTreeSet<u32>, Request, Answer, Answer)| {
                    (outcome(one), outcome(other)) == (outcome(&before), outcome(&after))
                };
                match changes.iter_mut().find(is_alike) {
                    Some((ports, ..)) => drop(ports.insert(port)),
                    None => changes.push((BTreeSet::from([port]), request, before, after)),
                }
            }
            (Err(old), Err(new)) if old.error == new.error => {}
            (Err(unanswered), _) | (_, Err(unanswered)) => {
                found.diff.incomplete.insert(unanswered.error);
            }
        }
    }
    for (changed, request, before, after) in changes {
        let aspects = answer_differences(&before, &after);
        let (old, new) = (place(&before), place(&after));
        let is_anywhere = old.is_none() && new.is_none();
        let taken = (old, new, if is_anywhere { name.to_owned() } else { "server".to_owned() });
        let ports = if changed.len() == ports.len() { BTreeSet::new() } else { changed };
        let condition = words(connection, &ports);
        let candidate = Candidate { taken: &taken, vantage: None, host: name, condition: &condition, aspects: &aspects };
        found.add(&candidate, request, (before, after));
    }
}

/// The policy that decides.
fn place(answer: &Answer) -> Option<Span> {
    answer.policy.as_ref().map(|policy| policy.span)
}

fn request(name: &str, port: u32, (tls, protocol): (Tls, Option<RequestProtocol>)) -> Request {
    let to = WorkloadRef { name: Some(name.to_owned()), ..WorkloadRef::default() };
    let tls = Some(tls).filter(|it| *it != Tls::Plaintext);
    Request { to: Some(to), port: Some(port), tls, protocol, ..Request::default() }
}

/// The connections of a kind to some ports, or to all without any, in words.
fn words((tls, protocol): (Tls, Option<RequestProtocol>), ports: &BTreeSet<u32>) -> String {
    let bytes = if protocol.is_some() { "bytes that are not HTTP" } else { "HTTP" };
    let with = match tls {
        Tls::Plaintext => "without TLS",
        Tls::Tls => "in TLS without a client certificate",
        Tls::Mtls => "in mutual TLS of the mesh",
    };
    let to = match ports.len() {
        0 => String::new(),
        1 => format!(" to port {}", wording::numbers(ports.iter().copied(), "and")),
        _ => format!(" to ports {}", wording::numbers(ports.iter().copied(), "and")),
    };
    format!("{bytes} {with}{to}")
}
