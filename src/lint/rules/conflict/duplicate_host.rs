//! `duplicate-host`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::field::NumberField;
use crate::routing::reach;
use crate::source::{Span, Spanned};
use crate::world::{ExportTo, NamespacedName, Section, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "duplicate-host",
    aliases: ["IST0109", "KIA1106"],
    severity: Error,
    summary: "a host that two VirtualServices define for the same proxies: one of them never applies",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    check_mesh(context.world, diagnostics);
    check_gateways(context.world, diagnostics);
}

/// A host of a VirtualService.
#[derive(Clone, Copy)]
struct Claim<'w, 'a> {
    service: &'w VirtualService<'a>,
    host: &'w Spanned<String>,
}

type Claims<'w, 'a> = BTreeMap<&'w str, Vec<Claim<'w, 'a>>>;

fn claims<'w, 'a>(services: impl Iterator<Item = &'w VirtualService<'a>>) -> Claims<'w, 'a>
where
    'a: 'w,
{
    let mut claims = Claims::new();
    for service in services {
        for host in &service.hosts {
            let of_host = claims.entry(host.as_str()).or_default();
            if !of_host.iter().any(|claim| std::ptr::eq(claim.service, service)) {
                of_host.push(Claim { service, host });
            }
        }
    }
    claims
}

/// On sidecars the VirtualServices of one host are not merged: the first one in istiod's order owns it.
fn check_mesh(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let bound = world.virtual_services.iter().filter(|service| service.binds_mesh());
    for (host, claims) in claims(bound) {
        let mut owners = BTreeSet::new();
        for (index, claim) in claims.iter().enumerate() {
            let Some(first) = claims[..index].iter().find(|first| conflict_in_mesh(first.service, claim.service))
            else {
                continue;
            };
            diagnostics
                .report_default(
                    claim.host.span,
                    format!(
                        "host {host} is defined by two VirtualServices bound to the mesh, {} and {}",
                        first.service.name, claim.service.name
                    ),
                )
                .related(first.host.span, "first defined here")
                .help("only the older one applies; merge the routes into one VirtualService");
            // Whoever adds the one that wins should hear of it as well.
            if owners.insert(first.host.span) {
                diagnostics
                    .report_default(
                        first.host.span,
                        format!("host {host} is defined again by {}, which has no effect", claim.service.name),
                    )
                    .severity(Severity::Info)
                    .related(claim.host.span, "this one is not applied");
            }
        }
    }
}

/// Whether istiod would have to choose between two VirtualServices by their age alone.
fn conflict_in_mesh(a: &VirtualService<'_>, b: &VirtualService<'_>) -> bool {
    let meet = |section: &Section| a.ports_of(*section, None).meet(&b.ports_of(*section, None));
    share_rank(a, b) && Section::ALL.iter().any(meet)
}

/// Whether some namespace sees both at the same rank. Its own come before those exported to it by name, and those
/// before the public ones, so a private override of a public VirtualService is well defined.
fn share_rank(a: &VirtualService<'_>, b: &VirtualService<'_>) -> bool {
    match (&a.export_to, &b.export_to) {
        (ExportTo::Public, ExportTo::Public) => true,
        (ExportTo::Namespaces(of_a), ExportTo::Namespaces(of_b)) => of_a
            .intersection(of_b)
            .any(|namespace| (a.name.namespace == *namespace) == (b.name.namespace == *namespace)),
        _ => false,
    }
}

/// On a gateway the routes of several VirtualServices of one host are joined, older ones first. That is a way to
/// work; only routes which an older one has already are lost.
fn check_gateways(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut by_gateway: BTreeMap<&NamespacedName<'_>, Vec<&VirtualService<'_>>> = BTreeMap::new();
    for service in world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for gateway in service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
            let bound = by_gateway.entry(gateway).or_default();
            if !bound.iter().any(|other| std::ptr::eq(*other, service)) {
                bound.push(service);
            }
        }
    }
    for (gateway, services) in by_gateway {
        for (host, claims) in claims(services.into_iter()) {
            for (index, claim) in claims.iter().enumerate() {
                let meet = |first: &&Claim<'_, '_>| share_server(world, gateway, first, claim);
                let lost = claims[..index]
                    .iter()
                    .filter(meet)
                    .find_map(|first| lost_route(world, first.service, claim.service).map(|lost| (first, lost)));
                let Some((first, (earlier, later))) = lost else { continue };
                diagnostics
                    .report_default(
                        claim.host.span,
                        format!(
                            "host {host} is defined for gateway {gateway} by {} and {}, with the same route in both",
                            first.service.name, claim.service.name
                        ),
                    )
                    .severity(Severity::Warning)
                    .related(later, "this route gets no request")
                    .related(earlier, "because this one of the older VirtualService takes them all")
                    .help("remove one of the two routes");
            }
        }
    }
}

/// The rules of both that take every request, of which the later one is lost.
fn lost_route(world: &World<'_>, earlier: &VirtualService<'_>, later: &VirtualService<'_>) -> Option<(Span, Span)> {
    let rest = |service| {
        let alternatives = reach::alternatives(world, service);
        alternatives.iter().find(|alternative| alternative.takes_everything()).map(|alternative| alternative.route_span)
    };
    Some((rest(earlier)?, rest(later)?))
}

/// Whether some server of a Gateway gives a host to both VirtualServices, on a port that both have routes for. A Gateway
/// that is not among the manifests is taken to.
fn share_server(world: &World<'_>, name: &NamespacedName<'_>, a: &Claim<'_, '_>, b: &Claim<'_, '_>) -> bool {
    let Some(gateway) = world.gateway(name) else { return true };
    let ports = [a, b].map(|claim| claim.service.ports_of(Section::Http, Some(name)));
    gateway.servers.iter().filter(|server| server.section() == Some(Section::Http)).any(|server| {
        let serves = |claim: &Claim<'_, '_>| server.serves(claim.host, &claim.service.name.namespace);
        ports.iter().all(|ports| ports.has(server.port.number())) && serves(a) && serves(b)
    })
}
