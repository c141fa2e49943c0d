//! Things that are there instead of something that is missing: hosts, ports, routes, subsets, Gateways.

use std::collections::BTreeSet;

use super::at_server;
use super::looked_at::{LookedAt, RoutingProxy};
use super::place;
use crate::model::spelling::misspelt_host;
use crate::model::wording::{list, ports};
use crate::routing::{ClauseAction, Payload, VirtualHost, when};
use crate::simulate::answer::{Answer, Outcome, RouteRef};
use crate::simulate::effects::ReachedCluster;
use crate::simulate::question::Question;
use crate::world::{ProtocolClass, Refusal, RefusedBackend, RuleSource, Service, World, host};

/// The most hosts and rules that are listed without a trace.
const FEW: usize = 5;

/// Things that are there instead of those that an answer lacks. A trace lists all of it.
pub(super) fn hints<'a>(world: &'a World<'a>, question: &Question<'_, 'a>, answer: &Answer) -> Vec<String> {
    let Some(routing) = RoutingProxy::of(world, question) else { return at_server::hints(question, answer) };
    let seen = LookedAt::at(&routing, question);
    let most = if question.trace { usize::MAX } else { FEW };
    let missing = Missing { world, question, seen: &seen, most };
    match answer.outcome {
        Outcome::NoRoute if let Some(host) = seen.virtual_host.filter(|it| !it.is_black_hole()) => missing.rule(host),
        Outcome::NoRoute | Outcome::Passthrough | Outcome::Blackhole | Outcome::Refused => missing.host(),
        Outcome::Forward => {
            let lacking = answer.destinations.iter().filter(|it| it.problem == Some("no-cluster"));
            let (refused, lacking): (Vec<_>, Vec<_>) = lacking.partition(|it| it.is_refused_backend());
            let refusals = refused.first().and(answer.route.as_ref()).map(|route| missing.refusals(route));
            lacking.into_iter().flat_map(|it| missing.destination(it)).chain(refusals.into_iter().flatten()).collect()
        }
        Outcome::Redirect | Outcome::DirectResponse | Outcome::Denied => Vec::new(),
    }
}

/// A request, and the proxy that lacks something for it.
pub(super) struct Missing<'m, 'a> {
    pub world: &'m World<'a>,
    pub question: &'m Question<'m, 'a>,
    pub seen: &'m LookedAt<'m, 'a>,
    /// The most things of a kind that are listed.
    pub most: usize,
}

impl<'a> Missing<'_, 'a> {
    /// The rules of a host, none of which takes the request.
    fn rule(&self, host: &VirtualHost<'_>) -> Vec<String> {
        let live = host.clauses.iter().filter(|clause| clause.is_live());
        let rules: Vec<String> = live
            .filter_map(|clause| {
                let ClauseAction::Route(route) = &clause.action else { return None };
                let span = clause.route_match.map_or(route.owner.span, |(_, span)| span);
                let words = when::conditions(&clause.conditions, |_| false).join(" and ");
                Some(format!("rule at {}: {words}", place(self.world, span)))
            })
            .collect();
        let excluded = host.clauses.iter().filter(|clause| !clause.is_live()).count();
        let mut hints = self.first(rules, "rule");
        if hints.is_empty() && excluded == 0 {
            let port = self.question.port;
            hints.push(format!("no route for host `{}` is for port {port}", self.question.http.host()));
        }
        if excluded > 0 {
            let rules = if excluded == 1 { "another rule is" } else { "other rules are" };
            hints.push(format!("{rules} for other ports, gateways or clients: `--trace` shows them"));
        }
        hints
    }

    /// The hosts, ports and Gateways near to the host of the request.
    fn host(&self) -> Vec<String> {
        let request = self.question.http.host();
        let wanted = if request.is_empty() { self.question.server_name.clone() } else { request };
        let mut hints = Vec::new();
        if self.seen.compiled.proxy.is_gateway() {
            hints.extend(self.servers(&wanted));
        } else {
            hints.extend(self.service(&wanted));
        }
        hints.extend(self.ignored_routes(&wanted));
        hints.extend(self.other_gateways(&wanted));
        hints
    }

    /// The service that a client means, and its ports, or one of a similar name.
    fn service(&self, wanted: &str) -> Vec<String> {
        let (world, proxy, port) = (self.world, &self.seen.compiled.proxy, self.question.port);
        let names: Vec<String> = crate::simulate::dial::candidates(wanted, &proxy.namespace, world).collect();
        if let Some(service) = names.iter().find_map(|name| world.services.named(name).next()) {
            let at = place(world, service.span);
            if proxy.service(&service.hostname).is_none() {
                return vec![format!(
                    "the client does not see service `{}` ({at}): `exportTo` or a Sidecar hides it",
                    service.hostname
                )];
            }
            if service.port(port).is_none() {
                return vec![format!("`{wanted}` has {}, not {port} ({at})", ports_of(service))];
            }
            let expected = service.port(port).map(|port| port.protocol.class()).map_or("a port", port_words);
            let sent = match self.question.payload() {
                Payload::Tls(_) => "TLS",
                Payload::Http => "plaintext HTTP",
                Payload::Bytes => "bytes that are not HTTP",
            };
            return vec![format!(
                "port {port} of `{}` ({at}) is {expected}, and the client sends {sent}",
                service.hostname
            )];
        }
        let is_seen = |it: &Service<'_>| {
            (it.is_kubernetes() || host::wildcard_suffix(&it.hostname).is_none())
                && proxy.service(&it.hostname).is_some()
        };
        let visible = || world.services.iter().filter(|it| is_seen(it));
        let domain = format!(".svc.{}", world.settings.domain);
        let short = |service: &Service<'_>| {
            let name = service.hostname.strip_suffix(&domain).unwrap_or(&service.hostname).to_owned();
            name.strip_suffix(&format!(".{}", proxy.namespace)).map(str::to_owned).unwrap_or(name)
        };
        let known: BTreeSet<String> = visible().map(short).collect();
        // Clients also name a service of their own namespace with the namespace.
        let full: BTreeSet<String> = visible()
            .map(|service| service.hostname.strip_suffix(&domain).unwrap_or(&service.hostname).to_owned())
            .collect();
        // The same name in another namespace.
        let first = wanted.split('.').next().unwrap_or(wanted);
        let elsewhere = visible().find(|it| it.is_kubernetes() && it.resource.name() == first);
        if let Some(service) = elsewhere {
            return vec![format!("did you mean `{}` ({})?", service.hostname, place(world, service.span))];
        }
        match misspelt_host(wanted, known.iter().chain(&full).map(String::as_str)) {
            Some(similar) => vec![format!("no service has host `{wanted}`: did you mean `{similar}`?")],
            None if known.is_empty() => {
                let reason = match world.services.iter().next() {
                    Some(_) => "the client sees none of the manifests",
                    None => "the manifests define none",
                };
                vec![format!("no service has host `{wanted}`: {reason}")]
            }
            None => {
                let mut hints = vec![format!("no service has host `{wanted}`")];
                let known: Vec<String> = known.into_iter().collect();
                let words = if known.len() == 1 { "the only service is" } else { "the services are" };
                hints.extend(self.listed(&known, words));
                hints
            }
        }
    }

    /// Things that are there instead of a cluster.
    fn destination(&self, destination: &ReachedCluster) -> Vec<String> {
        let (world, proxy) = (self.world, &self.seen.compiled.proxy);
        let Some(service) = proxy.service(&destination.host) else {
            if world.services.named(&destination.host).next().is_some() {
                return vec![format!(
                    "the proxy does not see service `{}`: `exportTo` or a Sidecar hides it",
                    destination.host
                )];
            }
            let similar = misspelt_host(&destination.host, world.services.iter().map(|it| it.hostname.as_str()));
            let similar = similar.map(|similar| format!(": did you mean `{similar}`?")).unwrap_or_default();
            return vec![format!("no service has host `{}`{similar}", destination.host)];
        };
        if let Some(port) = destination.port.filter(|port| service.port(*port).is_none()) {
            let at = place(world, service.span);
            return vec![format!("`{}` has {}, not {port} ({at})", destination.host, ports_of(service))];
        }
        let Some(subset) = &destination.subset else { return Vec::new() };
        let rules = &world.destination_rules;
        let applying =
            rules.applying(&proxy.namespace, &service.namespace, &destination.host, Some(&proxy.label_set()));
        let Some(merged) = applying else {
            let host = &destination.host;
            return vec![format!("no DestinationRule that the proxy uses defines subset `{subset}` for `{host}`")];
        };
        let defined = rules.subsets(merged);
        let names: Vec<&str> = defined.iter().filter_map(|it| Some(it.subset.name.as_ref()?.as_str())).collect();
        let Some(rule) = rules.parts(merged).next() else { return Vec::new() };
        let at = place(world, rule.host.span);
        let names = if names.is_empty() { "no subsets".to_owned() } else { format!("only {}", list(&names, "and")) };
        vec![format!("DestinationRule `{}` ({at}) defines {names}, not `{subset}`", rule.name)]
    }

    pub(super) fn listed<T: std::fmt::Display>(&self, names: &[T], words: &str) -> Option<String> {
        let shown = &names[..names.len().min(self.most)];
        let rest = names.len() - shown.len();
        let more = if rest > 0 { format!(" ({rest} more; `--trace` lists all)") } else { String::new() };
        (!shown.is_empty()).then(|| format!("{words} {}{more}", list(shown, "and")))
    }

    /// The reasons for which a route may not use its backends.
    fn refusals(&self, route: &RouteRef) -> Vec<String> {
        let sources = self.world.derived.virtual_services.iter().flat_map(|it| &it.sources);
        let of_route = sources.filter(|it| it.resource.span.file == route.span.file && it.rule == route.index);
        let name =
            |it: &RuleSource<'_>| format!("{}/{}", self.world.settings.namespace_of(it.resource), it.resource.name());
        let refused = of_route.filter(|it| Some(name(it)) == route.resource).flat_map(|it| &it.refused);
        let hint = |it: &RefusedBackend| {
            let why = match it.refusal {
                Refusal::NotGranted => "no ReferenceGrant allows the route to use it",
                Refusal::UnsupportedKind => "Istio does not support its kind",
                Refusal::OptionalKind => "Istio supports its kind only if an option enables it",
                Refusal::InvalidMirror => "istiod cannot convert it",
            };
            format!("istiod refuses the backend at {}: {why}", place(self.world, it.span))
        };
        refused.map(hint).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn first(&self, mut hints: Vec<String>, noun: &str) -> Vec<String> {
        let rest = hints.len().saturating_sub(self.most);
        hints.truncate(self.most);
        if rest > 0 {
            let noun = if rest == 1 { noun.to_owned() } else { format!("{noun}s") };
            hints.push(format!("{rest} more {noun}; `--trace` lists all"));
        }
        hints
    }
}

fn ports_of(service: &Service<'_>) -> String {
    ports(service.ports.iter().map(|port| port.number))
}

/// The kind of a port, as a service declares it.
fn port_words(class: ProtocolClass) -> &'static str {
    match class {
        ProtocolClass::Http => "an HTTP port",
        ProtocolClass::Tls => "a TLS port",
        ProtocolClass::Tcp => "a TCP port",
        ProtocolClass::Auto => "a port without a declared protocol",
        ProtocolClass::Udp => "a UDP port",
    }
}
