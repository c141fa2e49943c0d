//! `shared-tcp-server`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording;
use crate::source::Span;
use crate::world::{Gateway, Origin, RouteMatch, Section, Server, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "shared-tcp-server",
    summary: "two VirtualServices for the same connections to a Gateway, which all go to one of them",
    findings: [&NO_CONNECTIONS, &ALTERNATIVE, &TAKEN_SERVER_NAME],
    check: check,
};

static NO_CONNECTIONS: Finding = finding! {
    "no-connections", Lost, Certain, [],
    "the route of another VirtualService gets all connections to the server of the Gateway",
};
static ALTERNATIVE: Finding = finding! {
    "alternative", Lost, Likely, [],
    "the route of a VirtualService in another file gets the connections, unless only one of the two is applied",
};
static TAKEN_SERVER_NAME: Finding = finding! {
    "taken-server-name", Lost, Certain, [],
    "another VirtualService has a server name of the match, so istiod drops the match",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for gateway in world.gateways.iter().filter(|gateway| !world.is_ambiguous(gateway.resource)) {
        let workloads = world.workloads_of_gateway(gateway).map(|it| it.name.namespace.to_string());
        let mut namespaces: BTreeSet<String> = workloads.collect();
        if namespaces.is_empty() {
            namespaces.insert(gateway.name.namespace.to_string());
        }
        // A server shows one conflict, whichever proxies have it.
        let mut reported = BTreeSet::new();
        for namespace in &namespaces {
            for server in &gateway.servers {
                let shared = SharedServer { world, gateway, server, bound: bound(world, gateway, server, namespace) };
                match server.section() {
                    Some(Section::Tcp) => shared.check_tcp(&mut reported, diagnostics),
                    Some(Section::Tls) => shared.check_tls(&mut reported, diagnostics),
                    _ => {}
                }
            }
        }
    }
}

/// The VirtualServices that the gateways of a namespace use for a server, in istiod's order.
fn bound<'w, 'a>(
    world: &'w World<'a>,
    gateway: &Gateway<'_>,
    server: &Server<'_>,
    namespace: &str,
) -> Vec<&'w VirtualService<'a>> {
    let is_concerned = |it: &&VirtualService<'_>| {
        it.origin == Origin::VirtualService
            && it.binds(&gateway.name)
            && it.hosts.iter().any(|host| server.serves(host, &it.name.namespace))
    };
    world.routes_seen_from(namespace).into_iter().filter(is_concerned).collect()
}

struct SharedServer<'w, 'a> {
    world: &'w World<'a>,
    gateway: &'w Gateway<'a>,
    server: &'w Server<'a>,
    bound: Vec<&'w VirtualService<'a>>,
}

impl<'w, 'a> SharedServer<'w, 'a> {
    /// Without a server name, only the first route for a server gets connections, whichever VirtualService has it
    /// (istiod: `buildGatewayNetworkFiltersFromTCPRoutes`).
    fn check_tcp(&self, reported: &mut BTreeSet<Span>, diagnostics: &mut Diagnostics) {
        let number = self.server.port_number().unwrap_or_default();
        let first_route = |virtual_service: &&'w VirtualService<'a>| {
            let routes = virtual_service.routes_of(Section::Tcp);
            let route = routes.iter().find(|route| route.ports_at(Some(&self.gateway.name)).has(number))?;
            Some((*virtual_service, route.span))
        };
        let mut routes = self.bound.iter().filter_map(first_route);
        let Some((first, winner)) = routes.next() else { return };
        for (virtual_service, span) in routes {
            let Some(finding) = self.finding(first, virtual_service, &NO_CONNECTIONS) else { continue };
            if !reported.insert(span) {
                continue;
            }
            let message = format!(
                "this route gets no connections on port {number} of Gateway `{}`: VirtualService `{}` gets all of them",
                self.gateway.name, first.name
            );
            diagnostics
                .report(finding, span, message)
                .related(winner, format!("istiod uses this route of VirtualService `{}`", first.name))
                .help("use a port for each VirtualService: add a server to the Gateway, and match its `port`");
        }
    }

    /// A server name stays with the first match that has it; istiod drops a later match as a whole (istiod:
    /// `buildGatewayNetworkFiltersFromTLSRoutes`).
    fn check_tls(&self, reported: &mut BTreeSet<Span>, diagnostics: &mut Diagnostics) {
        let number = self.server.port_number();
        let applies = |it: &RouteMatch<'_>| {
            it.applies_at(Some(&self.gateway.name)) && it.port.is_none_or(|port| Some(port.value) == number)
        };
        let mut taken: BTreeMap<&str, (&VirtualService<'_>, Span)> = BTreeMap::new();
        for virtual_service in &self.bound {
            let routes = virtual_service.routes_of(Section::Tls);
            let tls_matches = virtual_service.spec.tls.iter().flat_map(|route| &route.r#match);
            let route_matches = routes.iter().flat_map(|route| route.matches());
            for (tls_match, _) in tls_matches.zip(route_matches).filter(|(_, it)| applies(it)) {
                let names = || tls_match.sni_hosts.iter().map(|name| name.as_str());
                let Some((name, (first, winner))) = names().find_map(|name| Some((name, *taken.get(name)?))) else {
                    taken.extend(names().map(|name| (name, (*virtual_service, tls_match.span))));
                    continue;
                };
                let finding = self.finding(first, virtual_service, &TAKEN_SERVER_NAME);
                let Some(finding) = finding.filter(|_| !std::ptr::eq(first, *virtual_service)) else { continue };
                if reported.insert(tls_match.span) {
                    let others: Vec<&str> = names().filter(|other| *other != name).collect();
                    let (also, help) = match others.as_slice() {
                        [] => {
                            (String::new(), "use other server names here, or remove one of the two matches".to_owned())
                        }
                        others => (
                            format!(", and with it {}", wording::list(others, "and")),
                            format!("remove `{name}` here, or from the other match"),
                        ),
                    };
                    let message = format!(
                        "this match gets no connections on Gateway `{}`: VirtualService `{}` has `{name}`, so istiod drops the match{also}",
                        self.gateway.name, first.name
                    );
                    diagnostics
                        .report(finding, tls_match.span, message)
                        .related(winner, format!("VirtualService `{}` has the server name here", first.name))
                        .help(help);
                }
            }
        }
    }

    /// The finding for a VirtualService that loses to the first one. `None` if they may be for different meshes.
    fn finding(
        &self,
        first: &VirtualService<'_>,
        loser: &VirtualService<'_>,
        certain: &'static Finding,
    ) -> Option<&'static Finding> {
        if self.world.may_be_elsewhere(first.resource, loser.resource) {
            return None;
        }
        Some(if self.world.are_together(&[first.resource, loser.resource]) { certain } else { &ALTERNATIVE })
    }
}
