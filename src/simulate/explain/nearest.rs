//! Things that are there instead of something that is missing: hosts, ports, routes, subsets, Gateways.

use std::collections::BTreeSet;

use super::at_server;
use super::looked_at::{LookedAt, RoutingProxy};
use super::place;
use crate::model::spelling::misspelt_host;
use crate::model::wording::{list, ports};
use crate::routing::{ClauseAction, Payload, VirtualHost};
use crate::simulate::answer::{Answer, Outcome, ReachedCluster};
use crate::simulate::every_host::when;
use crate::simulate::question::Question;
use crate::world::{Gateway, ProtocolClass, Service, World, host};

/// The most hosts and rules that are listed without a trace.
const FEW: usize = 5;

/// Things that are there instead of those that an answer lacks. A trace lists all of it.
pub(super) fn hints<'a>(world: &'a World<'a>, question: &Question<'_, 'a>, answer: &Answer) -> Vec<String> {
    let Some(routing) = RoutingProxy::of(world, question) else { return at_server::hints(question, answer) };
    let seen = LookedAt::at(&routing, question);
    let most = if question.trace { usize::MAX } else { FEW };
    let missing = Missing { world, question, seen: &seen, most };
    match answer.outcome {
        Outcome::NoRoute if let Some(host) = seen.virtual_host => missing.rule(host),
        Outcome::NoRoute | Outcome::Passthrough | Outcome::Blackhole | Outcome::Refused => missing.host(),
        Outcome::Forward => {
            let lacking = answer.destinations.iter().filter(|it| it.problem == Some("no-cluster"));
            lacking.flat_map(|it| missing.destination(it)).collect()
        }
        Outcome::Redirect | Outcome::DirectResponse | Outcome::Denied => Vec::new(),
    }
}

struct Missing<'m, 'a> {
    world: &'m World<'a>,
    question: &'m Question<'m, 'a>,
    seen: &'m LookedAt<'m, 'a>,
    most: usize,
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
            hints.push(match host.is_black_hole() {
                true => format!("no route is for port {port}"),
                false => format!("no route for host `{}` is for port {port}", self.question.http.host()),
            });
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

    /// The Gateway that the request names.
    fn gateway(&self) -> Option<&Gateway<'a>> {
        self.question.gateway.and_then(|name| self.world.gateway_named(&self.world.gateway_name(name)))
    }

    /// The servers of the gateway: their ports, and their hosts at the port of the request.
    fn servers(&self, wanted: &str) -> Vec<String> {
        let port = self.question.port;
        let Some(gateway) = self.gateway() else { return Vec::new() };
        let all = self.world.gateways_beside(gateway);
        let servers = || all.iter().flat_map(|gateway| &gateway.servers);
        let numbers: BTreeSet<u32> = servers().filter_map(|server| server.port_number()).collect();
        let (name, at) = (gateway.written_name(), place(self.world, gateway.resource.span));
        if !numbers.contains(&port) && self.seen.listener.is_none() {
            return vec![format!("Gateway `{name}` ({at}) has servers at {}, none at port {port}", ports(numbers))];
        }
        let here = servers().filter(|server| server.port_number() == Some(port));
        let hosts: BTreeSet<&str> = here.flat_map(|server| &server.hosts).map(|it| it.host.as_str()).collect();
        let is_served = hosts.iter().any(|own| host::covered_by(wanted, own));
        let bound = self.world.virtual_services.iter().chain(&self.world.derived.virtual_services);
        let bound: BTreeSet<&str> = bound
            .filter(|it| all.iter().any(|gateway| it.binds(&gateway.name)))
            .flat_map(|it| &it.hosts)
            .map(|host| host.value.as_str())
            .collect();
        let mut hints = Vec::new();
        if !is_served {
            let known: Vec<&str> = hosts.iter().copied().collect();
            hints.push(format!("port {port} of Gateway `{name}` ({at}) does not serve host `{wanted}`"));
            match misspelt_host(wanted, hosts.iter().copied()) {
                Some(similar) => hints.push(format!("did you mean `{similar}`?")),
                None => hints.extend(self.listed(&known, "it serves")),
            }
        } else if !bound.iter().any(|own| host::covered_by(wanted, own)) {
            let known: Vec<&str> = bound.iter().copied().collect();
            hints.push(format!("no route of Gateway `{name}` ({at}) is for host `{wanted}`"));
            match misspelt_host(wanted, bound.iter().copied()) {
                Some(similar) => hints.push(format!("did you mean `{similar}`?")),
                None => hints.extend(self.listed(&known, "its routes are for")),
            }
        }
        hints
    }

    /// Other Gateways that serve a host.
    fn other_gateways(&self, wanted: &str) -> Vec<String> {
        let world = self.world;
        let asked = self.gateway().map(Gateway::written_name);
        let serves = |gateway: &&Gateway<'_>| {
            let own = |it: &crate::world::Server<'_>| {
                it.hosts.iter().any(|host| host.host != "*" && host::covered_by(wanted, &host.host))
            };
            asked.as_ref().is_none_or(|asked| *asked != gateway.written_name()) && gateway.servers.iter().any(own)
        };
        let found = world.gateways.iter().chain(&world.derived.gateways).filter(serves);
        let names: BTreeSet<String> = found.map(|gateway| gateway.written_name().to_string()).collect();
        let hint = |name: &String| format!("Gateway `{name}` serves this host: add `--gateway {name}`");
        names.iter().take(self.most).map(hint).collect()
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
            if destination.cluster == "UnknownService" {
                return vec![
                    "the Gateway API does not allow the route to use the backend: `mesh lint` says why".to_owned(),
                ];
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

    fn listed<T: std::fmt::Display>(&self, names: &[T], words: &str) -> Option<String> {
        let shown = &names[..names.len().min(self.most)];
        let rest = names.len() - shown.len();
        let more = if rest > 0 { format!(" ({rest} more; `--trace` lists all)") } else { String::new() };
        (!shown.is_empty()).then(|| format!("{words} {}{more}", list(shown, "and")))
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
