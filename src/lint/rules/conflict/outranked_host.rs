//! `outranked-host`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::NumberField;
use crate::routing::alternative;
use crate::source::Spanned;
use crate::symbolic::Matches;
use crate::world::{Bound, Gateway, NamespacedName, Section, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "outranked-host",
    summary: "a more specific host in another VirtualService hides the routes of a wildcard host",
    findings: [&OUTRANKED],
    check: check,
};

static OUTRANKED: Finding = finding! {
    "outranked", Lost, Likely, [],
    "another VirtualService has a more specific host, but no catch-all route",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut by_gateway: BTreeMap<&NamespacedName<'_>, Vec<&VirtualService<'_>>> = BTreeMap::new();
    for virtual_service in world.virtual_services.iter().filter(|it| !it.spec.http.is_empty()) {
        for name in virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
            by_gateway.entry(name).or_default().push(virtual_service);
        }
    }
    for (name, virtual_services) in by_gateway {
        if let Some(gateway) = world.gateway(name) {
            check_gateway(world, gateway, &virtual_services, diagnostics);
        }
    }
}

/// A host of a VirtualService.
type Claim<'w, 'a> = (&'w VirtualService<'a>, &'w Spanned<String>);

/// A gateway uses only the routes of the most specific host of a request (istiod: `BuildHTTPRoutes` of gateways).
fn check_gateway(
    world: &World<'_>,
    gateway: &Gateway<'_>,
    virtual_services: &[&VirtualService<'_>],
    diagnostics: &mut Diagnostics,
) {
    let mut by_host: BTreeMap<&str, Vec<Claim<'_, '_>>> = BTreeMap::new();
    for virtual_service in virtual_services {
        for host in &virtual_service.hosts {
            by_host.entry(host).or_default().push((virtual_service, host));
        }
    }
    let is_wildcard = |host: &str| host::wildcard_suffix(host).is_some();
    let wildcards: Vec<&str> = by_host.keys().copied().filter(|host| is_wildcard(host)).collect();
    if wildcards.is_empty() {
        return;
    }
    // With routes that match every request, the VirtualService is clearly the only one for its host.
    let matches_all = |it: &VirtualService<'_>| {
        let bound = it.bound_to.iter().filter(|bound| bound.gateway.as_ref() == Some(&gateway.name));
        let places: Vec<Bound> = bound.cloned().collect();
        Matches::new(&alternative::alternatives(world, it), &places).take_all()
    };
    let leaves_requests = |claims: &[Claim<'_, '_>]| !claims.iter().any(|(it, _)| matches_all(it));
    let is_covered =
        |host: &str| wildcards.iter().any(|wildcard| *wildcard != host && host::covered_by(host, wildcard));
    let specific: Vec<(&str, &Vec<Claim<'_, '_>>)> = by_host
        .iter()
        .filter(|(host, claims)| is_covered(host) && leaves_requests(claims))
        .map(|(host, claims)| (*host, claims))
        .collect();
    for (wildcard, claims) in by_host.iter().filter(|(host, _)| is_wildcard(host)) {
        for claim in claims {
            let outranks = |(host, others): &&(&str, &Vec<Claim<'_, '_>>)| {
                host != wildcard
                    && host::covered_by(host, wildcard)
                    && !others.iter().any(|(it, _)| std::ptr::eq(*it, claim.0))
                    && others.iter().any(|other| share_port(gateway, *claim, *other))
                    && !others.iter().any(|(it, _)| world.may_be_elsewhere(it.resource, claim.0.resource))
            };
            let mut outranking = specific.iter().filter(outranks);
            let Some((host, others)) = outranking.next() else { continue };
            let more = match outranking.count() {
                0 => String::new(),
                1 => " and 1 more host".to_owned(),
                more => format!(" and {more} more hosts"),
            };
            let (other, place) = others[0];
            let name = &claim.0.name;
            diagnostics
                .report(
                    &OUTRANKED,
                    claim.1.span,
                    format!("VirtualService `{name}` for `{wildcard}` gets no requests for `{host}`{more}"),
                )
                .related(place.span, format!("VirtualService `{}` has host `{host}` on the same Gateway", other.name))
                .help(format!("copy these routes to VirtualService `{0}`, or add a catch-all route there", other.name));
        }
    }
}

/// Whether some server of the Gateway serves the hosts of both, on a port that both have routes for.
fn share_port(gateway: &Gateway<'_>, a: Claim<'_, '_>, b: Claim<'_, '_>) -> bool {
    let ports = [a, b].map(|(virtual_service, _)| virtual_service.ports_of(Section::Http, Some(&gateway.name)));
    gateway.servers.iter().filter(|server| server.section() == Some(Section::Http)).any(|server| {
        let serves = |(it, host): Claim<'_, '_>| server.serves(host, &it.name.namespace);
        ports.iter().all(|ports| ports.has(server.port.number())) && serves(a) && serves(b)
    })
}
