//! `subset-not-on-gateway`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::source::Span;
use crate::world::{DestinationRef, MatchPorts, Section, VirtualService};

pub static RULE: Rule = rule! {
    name: "subset-not-on-gateway",
    aliases: ["IST0140"],
    severity: Info,
    summary: "a destination of a Gateway's VirtualService without a subset, though within the mesh one is chosen",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // The hosts that VirtualServices of the mesh lead to subsets of themselves.
    let mut chosen: BTreeMap<String, (&VirtualService<'_>, Span)> = BTreeMap::new();
    for service in world.virtual_services.iter().filter(|service| service.binds_mesh()) {
        for destination in service.destinations().iter().filter(|it| is_plain(it)) {
            let Some(subset) = &destination.destination.subset else { continue };
            let full = service.full_host(destination.host, &world.settings).into_owned();
            if service.hosts.iter().any(|host| host.as_str() == full) {
                chosen.entry(full).or_insert((service, subset.span));
            }
        }
    }
    for service in &world.virtual_services {
        for destination in service.destinations().iter().filter(|it| is_plain(it)) {
            let has_subset = destination.destination.subset.as_ref().is_some_and(|subset| !subset.is_empty());
            let full = service.full_host(destination.host, &world.settings);
            let Some((inner, subset)) = chosen.get(full.as_ref()).filter(|_| !has_subset) else { continue };
            // Where the requests are for that very host, the gateway has its routes, or none.
            let is_same = service.hosts.iter().any(|host| host.as_str() == full);
            if !is_same && is_on_gateway(service, destination) {
                diagnostics
                    .report_default(
                        destination.host.span,
                        format!("requests from the gateway go to all workloads of {full}, not to a subset"),
                    )
                    .related(
                        *subset,
                        format!("{} chooses subsets, but for requests from within the mesh only", inner.name),
                    )
                    .help("choose the subset here as well, unless all workloads are meant");
            }
        }
    }
}

fn is_plain(destination: &DestinationRef<'_>) -> bool {
    destination.route.section == Section::Http && !destination.is_mirror
}

/// Whether the rule of a destination applies on some Gateway.
fn is_on_gateway(service: &VirtualService<'_>, destination: &DestinationRef<'_>) -> bool {
    let nowhere = MatchPorts::Only(Default::default());
    let mut gateways = service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    gateways.any(|gateway| destination.route.ports_at(Some(gateway)) != nowhere)
}
