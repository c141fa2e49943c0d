//! Requests of clients without a proxy that routes them: outside the mesh, or in the ambient mesh. DNS and kube-proxy lead
//! them to the pods of a Kubernetes Service, and no VirtualService or DestinationRule applies.

use std::net::IpAddr;
use std::sync::Arc;

use super::answer::{Answer, Decision, Outcome, Refusal};
use super::compiled::Compiled;
use super::decide;
use super::effects::{ReachedCluster, Rewritten};
use super::question::{DirectClient, Question};
use super::request::Tls;
use super::second_leg::{Onward, Sent};
use super::sender::Sender;
use super::waypoint;
use crate::model::Resource;
use crate::routing::{Assumption, Cluster, ClusterProblem, Payload, Weighted, behind_service};
use crate::uri;
use crate::world::{AliasEnd, DataPlane, Discovery, NamespacedName, Service, World, host};

/// The place where DNS leads a client.
enum Resolved<'a> {
    /// A port of a Service.
    Service {
        /// The Service, or in the ambient mesh a ServiceEntry; `None` for one that is assumed to exist.
        service: Option<&'a Service<'a>>,
        /// Its host.
        host: String,
        /// The reason why it is assumed to exist, if the manifests lack it.
        assumption: Option<Assumption>,
    },
    /// A host or address outside the cluster.
    Outside(String),
    /// Nowhere: the cluster has no such name.
    Unknown(String),
}

impl<'a> Resolved<'a> {
    /// A service of the manifests.
    fn of(service: &'a Service<'a>) -> Self {
        Self::Service { service: Some(service), host: service.hostname.clone(), assumption: None }
    }
}

/// Answers for a client without a proxy that routes requests.
pub(super) fn answer<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
) -> Result<Answer, String> {
    let resolved = resolve(world, question, client);
    let mut decision = match &resolved {
        Resolved::Outside(host) => outside(host, question.port),
        Resolved::Unknown(name) => {
            Decision { refusal: Some(Refusal::UnknownHost), ..refused(format!("DNS does not resolve `{name}`")) }
        }
        Resolved::Service { service: Some(service), .. } if lacks_port(service, question.port) => {
            refused(format!("{service} has no port {}, so nothing accepts the connection", question.port))
        }
        Resolved::Service { service, host, assumption } => {
            let cluster = behind_service(world, *service, host.clone(), question.port, assumption.clone());
            return to_service(world, question, client, cluster);
        }
    };
    decision.notes.insert(0, introduction(client));
    Ok(bare(question, client, decision))
}

/// The place where the address or the name that a client dials leads.
fn resolve<'a>(world: &'a World<'a>, question: &Question<'_, 'a>, client: &DirectClient<'_, 'a>) -> Resolved<'a> {
    match client.address.or_else(|| uri::address(&client.host)) {
        Some(address) => at_address(world, address),
        None => named(world, client, &client.host, question.port),
    }
}

/// The service of the manifests that accepts the connection of a client.
pub(super) fn dialled_service<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
) -> Option<&'a Service<'a>> {
    match resolve(world, question, client) {
        Resolved::Service { service: Some(service), .. } if !lacks_port(service, question.port) => Some(service),
        _ => None,
    }
}

/// The waypoint of the manifests that routes the requests of a client to a service.
pub(super) fn waypoint_before<'a>(
    world: &'a World<'a>,
    client: &DirectClient<'_, 'a>,
    service: &'a Service<'a>,
) -> Option<(NamespacedName<'a>, &'a Resource)> {
    let (name, resource) = world.waypoint_of_service(service)?;
    Some((name, resource.filter(|_| client.data_plane == DataPlane::Ambient)?))
}

/// The listeners of the waypoint that routes a request, and the address of the service.
pub(super) fn waypoint_listeners<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
) -> Option<(Arc<Compiled<'a>>, IpAddr)> {
    let service = dialled_service(world, question, client)?;
    let (name, _) = waypoint_before(world, client, service)?;
    waypoint::listeners(question, service, &name)
}

/// The answer for a port of a Service.
fn to_service<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
    cluster: Cluster<'a>,
) -> Result<Answer, String> {
    let waypoint = cluster.service.filter(|_| client.data_plane == DataPlane::Ambient).and_then(|service| {
        let (name, resource) = world.waypoint_of_service(service)?;
        Some((service, name, resource))
    });
    let mut notes = Vec::new();
    match waypoint {
        Some((service, name, Some(_))) => {
            if let Some(answer) = waypoint::answer(world, question, client, service, &name) {
                return answer;
            }
        }
        Some((_, name, None)) => notes.push(format!(
            "waypoint `{name}` is not among the manifests: the answer assumes that the service has no waypoint"
        )),
        None => {}
    }
    let (problem, service) = (cluster.problem, cluster.service);
    let clusters = [Weighted { cluster, weight: 1, headers: None }];
    let mut decision = decide::sent(world, &clusters);
    for destination in &mut decision.destinations {
        destination.load_balancer = None;
    }
    decision.notes.insert(0, introduction(client));
    decision.notes.append(&mut notes);
    if problem == Some(ClusterProblem::NoEndpoints) {
        decision.outcome = Outcome::Refused;
        decision.flag = None;
        let name = service.map_or_else(|| format!("host `{}`", clusters[0].cluster.host), ToString::to_string);
        decision.notes.push(format!("{name} has no pods, so nothing accepts the connection"));
        return Ok(bare(question, client, decision));
    }
    let is_http = question.payload() == Payload::Http;
    let unchanged = Rewritten::unchanged(&question.http);
    let sender = Sender::of_client(question, client);
    let passed_tls = (question.tls != Tls::Plaintext).then_some(question.server_name.as_ref());
    let sent =
        Sent { question, request: &question.http, world, sender, rewritten: is_http.then_some(&unchanged), passed_tls };
    let onward = sent.onward(&clusters);
    let Onward { legs, arrivals } = onward;
    Ok(Answer { legs: legs.into(), arrivals: arrivals.into(), ..bare(question, client, decision) })
}

/// The answer of DNS for a name: a Service of the client's namespace or of the one that the name names, else a host outside.
fn named<'a>(world: &'a World<'a>, client: &DirectClient<'_, '_>, name: &str, port: u32) -> Resolved<'a> {
    let candidates: Vec<String> = super::dial::candidates(name, &client.namespace, world).collect();
    let services = candidates.iter().flat_map(|name| world.services.named(name));
    // ztunnels know the hosts of ServiceEntries too.
    let knows_entries = client.data_plane == DataPlane::Ambient;
    if let Some(service) = services.into_iter().find(|service| knows_entries || service.is_kubernetes()) {
        return match service.discovery {
            Discovery::Alias => alias(world, service, port),
            _ => Resolved::of(service),
        };
    }
    let domain = &world.settings.domain;
    let is_full = name.ends_with(&format!(".svc.{domain}")) || name.ends_with(".svc");
    let is_inside = |name: &String| {
        host::kubernetes_service(name, domain)
            .is_some_and(|(_, namespace)| world.has_namespace(namespace) == Some(true))
    };
    let has_entry = world.services.named(name).next().is_some();
    let may_be_inside = is_full || !name.contains('.') || candidates.iter().any(is_inside);
    if has_entry || !may_be_inside {
        return Resolved::Outside(name.to_owned());
    }
    let assumed = candidates.iter().find_map(|name| Some((name, Assumption::new(world, name, port)?)));
    match assumed {
        Some((full, assumption)) => {
            Resolved::Service { service: None, host: full.clone(), assumption: Some(assumption) }
        }
        None => Resolved::Unknown(name.to_owned()),
    }
}

/// The place where the CNAME of an ExternalName Service leads. What does not exist in the cluster does not exist.
fn alias<'a>(world: &'a World<'a>, alias: &'a Service<'a>, port: u32) -> Resolved<'a> {
    match world.services.resolve_alias(alias) {
        AliasEnd::Service(service) => Resolved::of(service),
        AliasEnd::Loop => Resolved::Unknown(alias.hostname.clone()),
        AliasEnd::Host(host) if host::kubernetes_service(host, &world.settings.domain).is_none() => {
            Resolved::Outside(host.to_owned())
        }
        AliasEnd::Host(host) => match Assumption::new(world, host, port) {
            Some(assumption) => {
                Resolved::Service { service: None, host: host.to_owned(), assumption: Some(assumption) }
            }
            None => Resolved::Unknown(host.to_owned()),
        },
    }
}

fn at_address<'a>(world: &'a World<'a>, address: IpAddr) -> Resolved<'a> {
    let is_own = |service: &&Service<'_>| {
        service.is_kubernetes()
            && (service.networks().iter().any(|network| network.contains(&address))
                || service.pod_addresses.contains(&address))
    };
    match world.services.iter().find(is_own) {
        Some(service) => Resolved::of(service),
        None => Resolved::Outside(address.to_string()),
    }
}

/// Whether a Service does not accept connections to a port. The pods of a headless Service are dialled directly.
fn lacks_port(service: &Service<'_>, port: u32) -> bool {
    service.discovery != Discovery::Headless && service.port(port).is_none()
}

fn outside(host: &str, port: u32) -> Decision {
    let cluster = format!("{}:{port}", uri::in_brackets(host));
    let destination = ReachedCluster::new(cluster, host.to_owned(), Some(port));
    Decision { destinations: vec![destination], ..Decision::new(Outcome::Passthrough) }
}

fn refused(note: String) -> Decision {
    Decision { notes: vec![note], ..Decision::new(Outcome::Refused) }
}

/// Says why the answer has no routes.
fn introduction(client: &DirectClient<'_, '_>) -> String {
    let name = match client.workload {
        Some(workload) => format!("`{}`", workload.name),
        None => format!("the client in namespace `{}`", client.namespace),
    };
    match client.data_plane {
        DataPlane::Ambient => {
            format!("{name} is in the ambient mesh: VirtualServices and DestinationRules do not apply to its requests")
        }
        _ => format!(
            "{name} has no sidecar: VirtualServices, DestinationRules and mutual TLS do not apply to its requests"
        ),
    }
}

/// An answer without the rest of the way.
pub(super) fn bare(question: &Question<'_, '_>, client: &DirectClient<'_, '_>, decision: Decision) -> Answer {
    let goes_on = decision.outcome.goes_on();
    let host = match question.http.authority.as_ref() {
        "" => client.address.map_or_else(|| client.host.to_string(), |address| address.to_string()),
        authority => authority.to_owned(),
    };
    let request = (goes_on && question.payload() == Payload::Http).then(|| Rewritten::unchanged(&question.http));
    Answer { request, ..Answer::new(question.id.clone(), host, Arc::new(decision)) }
}
