//! `unreachable-route` for TCPRoutes and TLSRoutes that share a listener.
//!
//! A listener for TCP has one route, and each server name of a listener for TLS has one: those of the oldest resource
//! (istiod: `buildGatewayNetworkFiltersFromTCPRoutes`, `buildGatewayNetworkFiltersFromTLSRoutes`).

use std::collections::{BTreeMap, BTreeSet};

use super::unreachable_route::{EQUAL_MATCH, ROUTE};
use crate::lint::Diagnostics;
use crate::model::Resource;
use crate::model::field::TextField;
use crate::source::Span;
use crate::world::{NamespacedName, Origin, VirtualService, World};

/// The rule that gets the connections.
#[derive(Clone, Copy)]
struct Winner<'a> {
    resource: &'a Resource,
    rule: Span,
}

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for gateway in &world.derived.gateways {
        let mut first: Option<Winner<'_>> = None;
        let mut by_name: BTreeMap<&str, Winner<'_>> = BTreeMap::new();
        let derived = world.derived.virtual_services.iter().filter(|it| it.origin == Origin::GatewayApi);
        for virtual_service in derived.filter(|it| it.binds(&gateway.name)) {
            for (rule, source) in virtual_service.spec.tcp.iter().zip(&virtual_service.sources) {
                let own = Winner { resource: source.resource, rule: rule.span };
                match first {
                    None => first = Some(own),
                    Some(winner) if seen.insert(rule.span) => report(world, own, winner, None, diagnostics),
                    Some(_) => {}
                }
            }
            for (own, name) in server_names(virtual_service) {
                match by_name.get(name) {
                    None => drop(by_name.insert(name, own)),
                    Some(winner) if winner.rule != own.rule && seen.insert(own.rule) => {
                        report(world, own, *winner, Some(name), diagnostics);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// The server names of the rules of a TLSRoute.
fn server_names<'v, 'a>(virtual_service: &'v VirtualService<'a>) -> Vec<(Winner<'a>, &'v str)> {
    let mut found = Vec::new();
    for (rule, source) in virtual_service.spec.tls.iter().zip(&virtual_service.sources) {
        let own = Winner { resource: source.resource, rule: rule.span };
        let names = rule.r#match.iter().flat_map(|entry| &entry.sni_hosts);
        found.extend(names.map(|name| (own, name.as_str())));
    }
    found
}

fn report(
    world: &World<'_>,
    own: Winner<'_>,
    winner: Winner<'_>,
    server_name: Option<&str>,
    diagnostics: &mut Diagnostics,
) {
    if world.may_be_elsewhere(winner.resource, own.resource) {
        return;
    }
    let age = |resource: &Resource| !resource.metadata.creation_timestamp.text().is_empty();
    let name = NamespacedName::new(world.settings.namespace_of(winner.resource), winner.resource.name());
    let other = format!("{} `{name}`", winner.resource.kind.name());
    let (what, help) = match server_name {
        Some(name) => (format!("has server name `{name}` at the same listener"), "use another host"),
        None => ("is attached to the same listener".to_owned(), "attach the route to another listener"),
    };
    let is_same = own.resource.span == winner.resource.span;
    if is_same || (age(own.resource) && age(winner.resource)) {
        let which = if is_same { "earlier rule" } else { "older rule" };
        diagnostics
            .report(&ROUTE, own.rule, "this rule never gets a connection")
            .related(winner.rule, format!("this {which} gets all connections"))
            .help(help);
        return;
    }
    let message = format!("{other} {what}, so only the older of the two gets connections");
    diagnostics
        .report(&EQUAL_MATCH, own.rule, message)
        .related(winner.rule, "this rule is for the same connections")
        .help(help);
}
