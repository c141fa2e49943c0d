//! `outranked-host`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::NumberField;
use crate::routing::reach::{self, Alternative};
use crate::source::Spanned;
use crate::world::{Gateway, NamespacedName, Section, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "outranked-host",
    aliases: [],
    severity: Warning,
    summary: "a wildcard host of a VirtualService whose routes another one with a closer host keeps from some requests",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut by_gateway: BTreeMap<&NamespacedName<'_>, Vec<&VirtualService<'_>>> = BTreeMap::new();
    for service in world.virtual_services.iter().filter(|service| !service.spec.http.is_empty()) {
        for name in service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
            by_gateway.entry(name).or_default().push(service);
        }
    }
    for (name, services) in by_gateway {
        if let Some(gateway) = world.gateway(name) {
            check_gateway(world, gateway, &services, diagnostics);
        }
    }
}

/// A host of a VirtualService.
type Claim<'w, 'a> = (&'w VirtualService<'a>, &'w Spanned<String>);

/// A gateway answers a request by the routes of the closest host alone (istiod: `BuildHTTPRoutes` of gateways).
fn check_gateway(
    world: &World<'_>,
    gateway: &Gateway<'_>,
    services: &[&VirtualService<'_>],
    diagnostics: &mut Diagnostics,
) {
    let mut by_host: BTreeMap<&str, Vec<Claim<'_, '_>>> = BTreeMap::new();
    for service in services {
        for host in &service.hosts {
            by_host.entry(host).or_default().push((service, host));
        }
    }
    let is_wide = |host: &str| host::wildcard_suffix(host).is_some();
    let wide: Vec<&str> = by_host.keys().copied().filter(|host| is_wide(host)).collect();
    if wide.is_empty() {
        return;
    }
    // Routes that take everything show that nothing else was meant for the host.
    let takes_all =
        |service: &VirtualService<'_>| reach::alternatives(world, service).iter().any(Alternative::takes_everything);
    let has_rest = |claims: &[Claim<'_, '_>]| !claims.iter().any(|(service, _)| takes_all(service));
    let is_outranking = |host: &str| wide.iter().any(|wide| *wide != host && host::covered_by(host, wide));
    let closer: Vec<(&str, &Vec<Claim<'_, '_>>)> = by_host
        .iter()
        .filter(|(host, claims)| is_outranking(host) && has_rest(claims))
        .map(|(host, claims)| (*host, claims))
        .collect();
    for (wide, claims) in by_host.iter().filter(|(host, _)| is_wide(host)) {
        for claim in claims {
            let outranks = |(near, others): &&(&str, &Vec<Claim<'_, '_>>)| {
                near != wide
                    && host::covered_by(near, wide)
                    && !others.iter().any(|(service, _)| std::ptr::eq(*service, claim.0))
                    && others.iter().any(|other| share_port(gateway, *claim, *other))
            };
            let mut outranking = closer.iter().filter(outranks);
            let Some((near, others)) = outranking.next() else { continue };
            let others_too = match outranking.count() {
                0 => String::new(),
                more => format!(", nor for {more} more"),
            };
            let (service, place) = others[0];
            diagnostics
                .report_default(
                    claim.1.span,
                    format!("the routes of {} for {wide} never apply to requests for {near}{others_too}", claim.0.name),
                )
                .related(place.span, format!("{} has this host on the same Gateway", service.name))
                .help(format!("repeat the routes for {near}, or end its own with one that takes the rest"));
        }
    }
}

/// Whether some server of the Gateway serves the hosts of both, on a port that both have routes for.
fn share_port(gateway: &Gateway<'_>, a: Claim<'_, '_>, b: Claim<'_, '_>) -> bool {
    let ports = [a, b].map(|(service, _)| service.ports_of(Section::Http, Some(&gateway.name)));
    gateway.servers.iter().filter(|server| server.section() == Some(Section::Http)).any(|server| {
        let serves = |(service, host): Claim<'_, '_>| server.serves(host, &service.name.namespace);
        ports.iter().all(|ports| ports.has(server.port.number())) && serves(a) && serves(b)
    })
}
