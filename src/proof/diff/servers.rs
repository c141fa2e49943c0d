//! The sidecars of servers: which connections they take, at which ports.

use std::collections::BTreeSet;

use super::change::{Candidate, Found};
use crate::simulate::{Request, RequestProtocol, Tls, WorkloadRef, answer_differences};
use crate::world::World;

/// Compares what the sidecars of the workloads that both meshes have do with a request of each kind.
pub fn compare(found: &mut Found<'_, '_>) {
    let names = |world: &World<'_>| -> BTreeSet<String> {
        world.workloads.iter().filter(|it| !world.is_gateway_workload(it)).map(|it| it.name.to_string()).collect()
    };
    let (old, new) = (found.old.world(), found.new.world());
    let both: Vec<String> = names(old).intersection(&names(new)).cloned().collect();
    for name in both {
        for port in ports(&[old, new], &name) {
            for request in requests(&name, port) {
                compare_request(found, &name, request);
            }
        }
    }
}

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

/// A request of each kind to a port of a workload.
fn requests(name: &str, port: u32) -> Vec<Request> {
    let to = WorkloadRef { name: Some(name.to_owned()), ..WorkloadRef::default() };
    let start = Request { to: Some(to), port: Some(port), ..Request::default() };
    let kinds = [Tls::Plaintext, Tls::Mtls, Tls::Tls].map(Some).into_iter();
    kinds
        .flat_map(|tls| [None, Some(RequestProtocol::Tcp)].map(|protocol| (tls, protocol)))
        .map(|(tls, protocol)| Request { tls: tls.filter(|it| *it != Tls::Plaintext), protocol, ..start.clone() })
        .collect()
}

fn compare_request(found: &mut Found<'_, '_>, name: &str, request: Request) {
    let (old, new) = (found.old.simulate(&request), found.new.simulate(&request));
    match (old, new) {
        (Ok(before), Ok(after)) => {
            let aspects = answer_differences(&before, &after);
            if aspects.is_empty() {
                return;
            }
            let place = |answer: &crate::simulate::Answer| answer.policy.as_ref().map(|policy| policy.span);
            let taken = (place(&before), place(&after), name.to_owned());
            let condition = words(&request);
            let candidate =
                Candidate { taken: &taken, vantage: None, host: name, condition: &condition, aspects: &aspects };
            found.add(&candidate, request, (before, after));
        }
        (Err(old), Err(new)) if old.error == new.error => {}
        (Err(unanswered), _) | (_, Err(unanswered)) => {
            found.diff.incomplete.insert(unanswered.error);
        }
    }
}

/// The connections like that of a request, in words.
fn words(request: &Request) -> String {
    let port = request.port.map(|port| format!(" to port {port}")).unwrap_or_default();
    let bytes = if request.protocol.is_some() { "bytes that are not HTTP" } else { "HTTP" };
    let with = match request.tls() {
        Tls::Plaintext => " without TLS",
        Tls::Tls => " in TLS without a client certificate",
        Tls::Mtls => " in mutual TLS of the mesh",
    };
    format!("{bytes}{with}{port}")
}
