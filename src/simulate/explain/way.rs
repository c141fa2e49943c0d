//! The way of a request in words: each proxy, what decides there with its place, and where it sends the request.

use std::sync::Arc;

use super::looked_at::{LookedAt, RoutingProxy};
use super::{direct, place};
use crate::model::LabelSet;
use crate::model::networking::ClientTlsMode;
use crate::routing::{ChainAction, Proxy};
use crate::simulate::answer::{Answer, Arrived, Outcome, PolicyVerdict, RouteRef};
use crate::simulate::compiled::Compiled;
use crate::simulate::effects::ReachedCluster;
use crate::simulate::gateway_workload::GatewayWorkload;
use crate::simulate::question::{Question, ReceivingProxy};
use crate::world::{Gateway, World, host};

/// The way of a request.
pub(super) fn of<'a>(world: &'a World<'a>, question: &Question<'_, 'a>, answer: &Answer) -> Vec<String> {
    let gateway = question.gateway.and_then(|name| world.gateway_named(&world.gateway_name(name)));
    let routing = RoutingProxy::of(world, question);
    let seen = routing.as_ref().map(|routing| LookedAt::at(routing, question));
    let mut way = match (&question.proxy, &seen) {
        (ReceivingProxy::Direct(client), _) => direct::steps(world, question, client, answer),
        (_, Some(seen)) => vec![proxy_words(world, &seen.compiled.proxy, gateway)],
        (_, None) => return Vec::new(),
    };
    if let Some(seen) = &seen {
        way.push(listener_words(world, question, seen));
        way.extend(decision(world, question, answer, gateway));
    }
    if answer.outcome == Outcome::Forward {
        let aborted =
            answer.fault.as_ref().and_then(|fault| fault.abort.as_ref()).map_or(0.0, |abort| abort.percentage);
        if aborted > 0.0 {
            way.push(format!("{}% of the requests end here: the fault aborts them", aborted.min(100.0)));
        }
        let of = if aborted > 0.0 { " of the others" } else { "" };
        let reached = answer.destinations.iter().filter(|_| aborted < 100.0);
        way.extend(reached.map(|it| match &seen {
            Some(seen) => destination(world, &seen.compiled.proxy, answer, it, of),
            None => format!("{}% to {}", it.weight, target(it)),
        }));
    }
    let mut arrivals = arrivals(world, answer);
    for leg in answer.legs.iter() {
        way.extend(leg_steps(world, question, leg, &mut arrivals));
    }
    way.extend(arrivals.into_iter().map(|(words, workloads)| format!("at {}: {words}", workloads.join(", "))));
    way
}

/// The arrivals in words, each with its workloads.
fn arrivals<'n>(world: &World<'_>, answer: &'n Answer) -> Vec<(String, Vec<&'n str>)> {
    let mut arrivals: Vec<(String, Vec<&str>)> = Vec::new();
    for arrived in answer.arrivals.iter() {
        let words = arrival(world, arrived);
        match arrivals.iter_mut().find(|(known, _)| *known == words) {
            // Several destinations can lead to one workload.
            Some((_, workloads)) if workloads.contains(&arrived.workload.as_str()) => {}
            Some((_, workloads)) => workloads.push(&arrived.workload),
            None => arrivals.push((words, vec![&arrived.workload])),
        }
    }
    arrivals
}

/// The steps at a gateway on the way: the arrival there, what decides, and the destinations.
fn leg_steps<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    leg: &Answer,
    arrivals: &mut Vec<(String, Vec<&str>)>,
) -> Vec<String> {
    let name = leg.gateway.as_deref();
    let here = arrivals.iter().position(|(_, workloads)| name.is_some_and(|name| workloads.as_slice() == [name]));
    let arrived = here.map(|index| arrivals.remove(index).0);
    let is_told = arrived.is_some() && leg.policy.is_some();
    let mut steps = Vec::new();
    steps.extend(arrived.map(|words| format!("at {}: {words}", name.unwrap_or_default())));
    if !is_told {
        let at = name.map_or_else(|| "the next gateway".to_owned(), |name| format!("gateway {name}"));
        let decided = decision(world, question, leg, None);
        steps.push(format!("{at}, {}", decided.unwrap_or_else(|| leg.outcome.as_str().to_owned())));
    }
    let proxy = name.and_then(|name| proxy_of(world, question, name));
    steps.extend(leg.destinations.iter().map(|it| match &proxy {
        Some(compiled) => destination(world, &compiled.proxy, leg, it, ""),
        None => format!("{}% to {}", it.weight, target(it)),
    }));
    steps
}

/// The proxy of a gateway workload on the way.
fn proxy_of<'a>(world: &'a World<'a>, question: &Question<'_, 'a>, name: &str) -> Option<Arc<Compiled<'a>>> {
    let workload = world.workloads.iter().find(|workload| workload.name.to_string() == name)?;
    let labels = workload.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let namespace = workload.name.namespace.to_string();
    let workload = GatewayWorkload { namespace, labels, address: None, is_placed: true };
    Some(question.next?.gateway(&workload).at(question.port))
}

fn proxy_words(world: &World<'_>, proxy: &Proxy<'_>, gateway: Option<&Gateway<'_>>) -> String {
    // The label that asks for the proxy describes nothing else.
    let described = proxy.labels.iter().filter(|(key, _)| *key != "sidecar.istio.io/inject");
    let labels: Vec<String> = described.map(|(key, value)| format!("{key}={value}")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" with {}", labels.join(", ")) };
    match gateway {
        Some(gateway) => {
            let (kind, name) = (gateway.resource.kind.name(), gateway.written_name());
            let at = place(world, gateway.resource.span);
            format!("{kind} {name} ({at}), at a workload{labels} in namespace {}", proxy.namespace)
        }
        None if proxy.is_gateway() => format!("proxy of a gateway{labels} in namespace {}", proxy.namespace),
        None => format!("sidecar of a client{labels} in namespace {}", proxy.namespace),
    }
}

fn listener_words(world: &World<'_>, question: &Question<'_, '_>, seen: &LookedAt<'_, '_>) -> String {
    let port = question.port;
    let proxy = &seen.compiled.proxy;
    let hosted = match (seen.listener, seen.chain) {
        (None, _) => return format!("port {port}: no listener"),
        (Some(_), None) => return format!("port {port}: no filter chain takes the connection"),
        (Some(_), Some(ChainAction::Tcp(_))) => return format!("port {port}: forwards connections"),
        (Some(_), Some(ChainAction::Http { .. })) => match seen.virtual_host {
            None => return format!("port {port}: routes, but none for host {}", question.http.host()),
            Some(hosted) if hosted.is_black_hole() => return format!("port {port}: no route is for this port"),
            Some(hosted) => hosted,
        },
    };
    let name = hosted.name.rsplit_once(':').map_or(hosted.name.as_str(), |(name, _)| name);
    let service = proxy.service(name).filter(|_| !proxy.is_gateway());
    let defined = service.and_then(|service| {
        let (kind, name) = (service.resource.kind.name(), service.resource.name());
        let at = place(world, service.port(port)?.span);
        Some(format!(", by {kind} {}/{name} ({at})", service.namespace))
    });
    format!("port {port}: the routes of host {name}{}", defined.unwrap_or_default())
}

/// The thing that decides: a policy, a route, or a default.
fn decision(
    world: &World<'_>,
    question: &Question<'_, '_>,
    answer: &Answer,
    gateway: Option<&Gateway<'_>>,
) -> Option<String> {
    if let Some(policy) = &answer.policy {
        let status = answer.status.map(|status| format!(" with {status}")).unwrap_or_default();
        return Some(decided_by_policy(policy, answer.outcome, &status));
    }
    if let Some(route) = &answer.route {
        let what = match (answer.outcome, &answer.location) {
            (Outcome::Redirect, Some(location)) => format!(" redirects to {location}"),
            (Outcome::DirectResponse, _) => " answers itself".to_owned(),
            _ => " takes the request".to_owned(),
        };
        return Some(route_words(route) + &what);
    }
    match answer.outcome {
        Outcome::Redirect => {
            let gateways = gateway.into_iter().flat_map(|gateway| world.gateways_beside(gateway));
            let servers = gateways.flat_map(|gateway| &gateway.servers);
            let mut redirects = servers.filter(|server| server.port_number() == Some(question.port));
            let span = redirects.find_map(|server| server.https_redirect());
            let at = span.map(|span| format!(" ({})", place(world, span))).unwrap_or_default();
            Some(format!("`httpsRedirect` of the server{at} redirects all plaintext requests"))
        }
        Outcome::Forward => Some("no VirtualService routes it: the default route of the service".to_owned()),
        Outcome::Passthrough => Some("the sidecar passes it on to the dialled address".to_owned()),
        Outcome::Blackhole => Some("the proxy drops it: `outboundTrafficPolicy` allows known services only".to_owned()),
        Outcome::NoRoute => Some("no route takes the request".to_owned()),
        Outcome::Refused | Outcome::DirectResponse | Outcome::Denied => None,
    }
}

fn route_words(route: &RouteRef) -> String {
    let kind = if route.virtual_service.is_some() { "VirtualService " } else { "" };
    let by = route.delegated_by.as_ref().map(|by| format!(", delegated by VirtualService {by},")).unwrap_or_default();
    let line = route.match_line.unwrap_or(route.line);
    format!("{kind}{} {} ({}:{line}){by}", route.owner(), route.path(), route.file)
}

/// The verdict of a policy, with the status of a refusal and the reason, if the rule alone does not explain it.
fn decided_by_policy(policy: &PolicyVerdict, outcome: Outcome, status: &str) -> String {
    let verb = match outcome {
        Outcome::Denied => "denies",
        Outcome::Refused | Outcome::Blackhole => "refuses",
        _ => "allows",
    };
    let reason = policy.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let rules = if policy.kind == "RequestAuthentication" { "jwtRules" } else { "rules" };
    let rule = policy.rule.map(|index| format!(" {rules}[{index}]")).unwrap_or_default();
    format!(
        "{} {}{rule} ({}:{}) {verb} the request{status}{reason}",
        policy.kind, policy.name, policy.file, policy.line
    )
}

fn target(destination: &ReachedCluster) -> String {
    if destination.is_refused_backend() {
        return "a backend that istiod refuses".to_owned();
    }
    let port = destination.port.map(|port| format!(":{port}")).unwrap_or_default();
    let subset = destination.subset.as_ref().map(|subset| format!(" {subset}")).unwrap_or_default();
    format!("{}{port}{subset}", destination.host)
}

/// A destination, and the DestinationRule that applies to it.
fn destination(
    world: &World<'_>,
    proxy: &Proxy<'_>,
    answer: &Answer,
    destination: &ReachedCluster,
    of: &str,
) -> String {
    let mut parts = Vec::new();
    let rules = &world.destination_rules;
    let service = proxy.service(&destination.host);
    let named = || host::kubernetes_service(&destination.host, &world.settings.domain).map(|(_, namespace)| namespace);
    let namespace = service.map(|service| service.namespace.as_str()).or_else(named).unwrap_or(&proxy.namespace);
    let applying = rules.applying(&proxy.namespace, namespace, &destination.host, Some(&proxy.label_set()));
    let subset = destination.subset.as_ref().and_then(|subset| rules.subset(applying?, subset));
    if let Some(found) = subset {
        let at = found.subset.name.as_ref().map_or(found.rule.host.span, |name| name.span);
        parts.push(format!("subset of DestinationRule {} ({})", found.rule.name, place(world, at)));
    } else if let Some(rule) = applying.and_then(|merged| rules.parts(merged).next()) {
        parts.push(format!("DestinationRule {} ({})", rule.name, place(world, rule.host.span)));
    }
    parts.extend(destination.load_balancer.clone());
    let tls = answer.arrivals.iter().find(|it| it.via == destination.cluster).map(|it| it.tls);
    parts.extend(match (destination.tls, tls) {
        (Some(mode), _) if mode == ClientTlsMode::Disable.as_str() => {
            Some("plaintext, as the DestinationRule says".to_owned())
        }
        (Some(mode), _) => Some(format!("TLS mode {mode} of the DestinationRule")),
        (None, Some("mtls")) => Some("mutual TLS (automatic)".to_owned()),
        (None, Some("plaintext")) => Some("plaintext".to_owned()),
        (None, _) => None,
    });
    match destination.problem {
        Some("no-cluster") => parts.push("no such cluster".to_owned()),
        Some(_) => parts.push("no endpoints".to_owned()),
        None => parts.extend(destination.assumption.clone()),
    }
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    format!("{}%{of} to {}{parts}", destination.weight, target(destination))
}

/// The actions of the proxy of a server.
fn arrival(world: &World<'_>, arrived: &Arrived) -> String {
    let workload = world.workloads.iter().find(|workload| workload.name.to_string() == arrived.workload);
    let labels = workload.map(|workload| workload.labels.clone()).unwrap_or_default();
    let namespace = arrived.workload.split('/').next().unwrap_or_default();
    let mut parts = vec![
        match arrived.tls {
            "mtls" => "mutual TLS",
            "tls" => "TLS",
            _ => "plaintext",
        }
        .to_owned(),
    ];
    let number = |cluster: &String| cluster.strip_prefix("inbound|")?.split('|').next()?.parse().ok();
    let is_by_mode = arrived.policy.as_ref().is_some_and(|policy| policy.kind == "PeerAuthentication");
    let port = arrived.cluster.as_ref().and_then(number).filter(|_| !is_by_mode);
    parts.extend(mtls(world, namespace, &labels, port));
    let tokens = world.policies.request_authentications_of(namespace, &labels);
    parts.extend(tokens.first().map(|policy| {
        format!("tokens by RequestAuthentication {} ({})", policy.name, place(world, policy.resource.span))
    }));
    let status = arrived.status.map(|status| format!(" with {status}")).unwrap_or_default();
    let goes_on = arrived.outcome.goes_on();
    match &arrived.policy {
        Some(policy) => parts.push(decided_by_policy(policy, arrived.outcome, &status)),
        None if !goes_on => parts.push(format!("{}{status}", arrived.outcome.as_str())),
        None if world.policies.authorization_policies_of(namespace, &labels).is_empty() => {
            parts.push("no AuthorizationPolicy applies".to_owned());
        }
        None => parts.push("no AuthorizationPolicy denies it".to_owned()),
    }
    parts.extend(arrived.notes.iter().cloned());
    parts.join("; ")
}

/// The mutual TLS mode of a port, if a PeerAuthentication sets it.
fn mtls(world: &World<'_>, namespace: &str, labels: &LabelSet<'_>, port: Option<u32>) -> Option<String> {
    let mtls = world.policies.mtls(namespace, labels, port?);
    let (policy, span) = mtls.set_by?;
    Some(format!("{} by PeerAuthentication {} ({})", mtls.mode.as_str(), policy.name, place(world, span)))
}
