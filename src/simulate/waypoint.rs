//! Waypoints: the proxies that route the requests of ambient clients to services.

use std::collections::BTreeMap;

use super::answer::{Answer, Arrived, Decision, Outcome};
use super::outbound::Outbound;
use super::question::{Certificate, Client, DirectClient, Question, ReceivingProxy};
use super::request::{RequestProtocol, Tls, WorkloadRef};
use super::sender::{Identities, Sender, SenderKind};
use super::{policies, trace};
use crate::model::LabelSet;
use crate::policy::{Attributes, Ruling};
use crate::world::{GATEWAY_NAME_LABEL, NamespacedName, Service, WAYPOINT_FOR_SERVICE, World};

/// The answer of the waypoint of a service for a request of an ambient client. A waypoint applies the routes of its
/// namespace, and the policies that target it or the service.
pub(super) fn answer<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
    service: &'a Service<'a>,
    waypoint: &NamespacedName<'_>,
) -> Option<Result<Answer, String>> {
    let cache = question.next?;
    let labels = BTreeMap::from([(GATEWAY_NAME_LABEL.to_owned(), waypoint.name.to_string())]);
    let workload = WorkloadRef { namespace: Some(waypoint.namespace.to_string()), labels, ..WorkloadRef::default() };
    let listeners = cache.sidecar(Some(&workload), &waypoint.namespace).at(question.port);
    let address = service.dialled_address();
    let note = format!("waypoint `{waypoint}` routes the request");
    if let Some(mut denied) = denied(world, question, client, service, waypoint) {
        denied.note([note]);
        return Some(Ok(denied));
    }
    let at_waypoint = Question {
        id: question.id,
        gateway: None,
        proxy: ReceivingProxy::Client { listeners: listeners.clone(), address },
        client: Client { namespace: None, service_account: None, address: question.client.address },
        port: question.port,
        protocol: question.protocol,
        tls: question.tls,
        certificate: Certificate::None,
        alpn: question.alpn,
        server_name: question.server_name.clone(),
        http: question.http.clone(),
        trace: question.trace,
        next: question.next,
        visited: Vec::new(),
    };
    Some(Outbound::new(&at_waypoint, &listeners, address).answer().map(|mut answer| {
        rename(&mut answer, service, question.protocol);
        answer.note([note]);
        answer
    }))
}

/// The answer if the policies of the waypoint deny the request.
fn denied<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
    service: &'a Service<'a>,
    waypoint: &NamespacedName<'_>,
) -> Option<Answer> {
    let sender = Sender {
        kind: SenderKind::Client(client.data_plane),
        namespace: &client.namespace,
        labels: client.labels,
        address: question.client.address,
    };
    let Identities::Known(identity) = sender.identities(world, question.client.service_account) else { return None };
    let kind = if service.is_kubernetes() { "Service" } else { "ServiceEntry" };
    let target = format!("{kind}/{}/{}", service.namespace, service.resource.name());
    let labels =
        LabelSet::from([(GATEWAY_NAME_LABEL, waypoint.name.as_ref()), (WAYPOINT_FOR_SERVICE, target.as_str())]);
    let is_http = question.protocol != RequestProtocol::Tcp && question.tls == Tls::Plaintext;
    let attributes = Attributes {
        identity: Some(&identity),
        source_ip: question.client.address,
        remote_ip: question.http.client,
        destination_ip: None,
        destination_port: question.port,
        sni: "",
        http: is_http.then_some(&question.http),
    };
    let policies = question.next?.policies.of_workload(&waypoint.namespace, &labels);
    let findings = policies.evaluate(&attributes, question.trace);
    if findings.ruling != Ruling::Denied {
        return None;
    }
    let decision = Decision {
        status: is_http.then(|| findings.status.unwrap_or(403)),
        policy: findings.cause.as_ref().map(|cause| policies::verdict(world, cause)),
        notes: findings.notes.clone(),
        ..Decision::new(Outcome::Denied)
    };
    let trace = if question.trace { trace::policies(world, &findings) } else { Vec::new() };
    Some(Answer { trace, ..super::direct::bare(question, client, decision) })
}

/// Gives the clusters of the service the names that they have at a waypoint (istiod: `buildWaypointInboundVIP`).
fn rename(answer: &mut Answer, service: &Service<'_>, protocol: RequestProtocol) {
    let kind = if protocol == RequestProtocol::Tcp { "tcp" } else { "http" };
    let renamed = |cluster: &str| -> Option<String> {
        let mut parts = cluster.splitn(4, '|');
        let ("outbound", port, subset, host) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?) else {
            return None;
        };
        let subset = if subset.is_empty() { kind.to_owned() } else { format!("{kind}/{subset}") };
        (host == service.hostname).then(|| format!("inbound-vip|{port}|{subset}|{host}"))
    };
    let decision = std::sync::Arc::make_mut(&mut answer.decision);
    for destination in &mut decision.destinations {
        if let Some(name) = renamed(&destination.cluster) {
            destination.cluster = name;
        }
    }
    let end = |end: &Arrived| Arrived { via: renamed(&end.via).unwrap_or_else(|| end.via.clone()), ..end.clone() };
    answer.arrivals = answer.arrivals.iter().map(end).collect();
}
