//! Waypoints: the proxies that route the requests of ambient clients to services.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::admission::Waypoint;
use super::answer::{Answer, Arrived};
use super::compiled::Compiled;
use super::outbound::Outbound;
use super::question::{Certificate, Client, DirectClient, Question, ReceivingProxy};
use super::request::{RequestProtocol, WorkloadRef};
use super::sender::{Identities, Sender};
use crate::model::LabelSet;
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
    let (listeners, address) = listeners(question, service, waypoint)?;
    let note = format!("waypoint `{waypoint}` routes the request");
    let sender = Sender::of_client(question, client);
    let (Identities::Known(identity) | Identities::Unknown { unnamed: identity, .. }) =
        sender.identities(world, question.client.service_account);
    let kind = if service.is_kubernetes() { "Service" } else { "ServiceEntry" };
    let target = format!("{kind}/{}/{}", service.namespace, service.resource.name());
    let labels =
        LabelSet::from([(GATEWAY_NAME_LABEL, waypoint.name.as_ref()), (WAYPOINT_FOR_SERVICE, target.as_str())]);
    let policies = question.next?.policies.of_workload(&waypoint.namespace, &labels);
    let own = Waypoint { policies, identity };
    let at_waypoint = Question {
        id: question.id,
        gateway: None,
        proxy: ReceivingProxy::Client { listeners: Arc::clone(&listeners), address },
        client: Client { service_account: None, address: question.client.address },
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
        journey: OnceCell::new(),
    };
    let outbound = Outbound::new(&at_waypoint, &listeners, address).at_waypoint(&own);
    Some(outbound.answer().map(|mut answer| {
        rename(&mut answer, service, question.protocol);
        answer.note([note]);
        answer
    }))
}

/// The listeners of the waypoint of a service at the port of a request, and the address of the service.
pub(super) fn listeners<'a>(
    question: &Question<'_, 'a>,
    service: &Service<'_>,
    waypoint: &NamespacedName<'_>,
) -> Option<(Arc<Compiled<'a>>, IpAddr)> {
    let labels = BTreeMap::from([(GATEWAY_NAME_LABEL.to_owned(), waypoint.name.to_string())]);
    let workload = WorkloadRef { namespace: Some(waypoint.namespace.to_string()), labels, ..WorkloadRef::default() };
    let listeners = question.next?.sidecar(Some(&workload), &waypoint.namespace).at(question.port);
    Some((listeners, service.dialled_address()))
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
    let decision = Arc::make_mut(&mut answer.decision);
    for destination in &mut decision.destinations {
        if let Some(name) = renamed(&destination.cluster) {
            destination.cluster = name;
        }
    }
    for mirror in &mut decision.mirrors {
        if let Some(name) = renamed(&mirror.cluster) {
            mirror.cluster = name;
        }
    }
    let via = |leg: &Answer| Answer {
        via: leg.via.as_deref().map(|via| renamed(via).unwrap_or_else(|| via.to_owned())),
        ..leg.clone()
    };
    answer.legs = answer.legs.iter().map(via).collect();
    let end = |end: &Arrived| Arrived { via: renamed(&end.via).unwrap_or_else(|| end.via.clone()), ..end.clone() };
    answer.arrivals = answer.arrivals.iter().map(end).collect();
}
