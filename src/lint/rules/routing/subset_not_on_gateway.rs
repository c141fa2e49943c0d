//! `subset-not-on-gateway`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::source::Span;
use crate::world::{DestinationRef, MatchPorts, Section, VirtualService};

pub static RULE: Rule = rule! {
    name: "subset-not-on-gateway",
    summary: "a gateway route bypasses the subsets that sidecars use",
    findings: [&NO_SUBSET],
    check: check,
};

static NO_SUBSET: Finding = finding! {
    "no-subset", Notable, Certain, ["IST0140"],
    "the destination on the Gateway has no subset, but sidecars use one",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // The hosts for which a VirtualService of the mesh routes to a subset of the same host.
    let mut in_mesh: BTreeMap<String, (&VirtualService<'_>, Span)> = BTreeMap::new();
    for virtual_service in world.virtual_services.iter().filter(|it| it.binds_mesh()) {
        for destination in virtual_service.destinations().iter().filter(|it| is_plain(it)) {
            let Some(subset) = &destination.destination.subset else { continue };
            let host = virtual_service.full_host(destination.host, &world.settings).into_owned();
            if virtual_service.hosts.iter().any(|it| it.as_str() == host) {
                in_mesh.entry(host).or_insert((virtual_service, subset.span));
            }
        }
    }
    for virtual_service in &world.virtual_services {
        for destination in virtual_service.destinations().iter().filter(|it| is_plain(it)) {
            let has_subset = destination.destination.subset.filled().is_some();
            let host = virtual_service.full_host(destination.host, &world.settings);
            let Some((other, subset)) = in_mesh.get(host.as_ref()).filter(|_| !has_subset) else { continue };
            // On a VirtualService of the same host, the gateway uses its routes.
            let is_same = virtual_service.hosts.iter().any(|it| it.as_str() == host);
            if !is_same && is_on_gateway(virtual_service, destination) {
                let message = format!("requests from the gateway go to all workloads of `{host}`, not to a subset");
                let related = format!("VirtualService `{}` uses subsets, but only for sidecars", other.name);
                diagnostics
                    .report(&NO_SUBSET, destination.host.span, message)
                    .related(*subset, related)
                    .help("set `subset` here as well, unless the route is for all workloads");
            }
        }
    }
}

fn is_plain(destination: &DestinationRef<'_>) -> bool {
    destination.route.section == Section::Http && !destination.is_mirror
}

/// Whether the route of a destination applies on some Gateway.
fn is_on_gateway(virtual_service: &VirtualService<'_>, destination: &DestinationRef<'_>) -> bool {
    let nowhere = MatchPorts::Only(Default::default());
    let mut gateways = virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    gateways.any(|gateway| destination.route.ports_at(Some(gateway)) != nowhere)
}
