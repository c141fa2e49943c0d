//! `duplicate-destination`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::Destination;
use crate::source::Span;
use crate::world::{Settings, VirtualService};

pub static RULE: Rule = rule! {
    name: "duplicate-destination",
    summary: "a route lists the same destination twice",
    findings: [&DUPLICATE],
    check: check,
};

static DUPLICATE: Finding = finding! {
    "duplicate", Surprising, Certain, ["KIA1105"],
    "the route already has the destination",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let settings = &context.world.settings;
    for virtual_service in &context.world.virtual_services {
        for route in virtual_service.routes() {
            // Entries with header changes differ in more than the destination.
            let plain = route.targets().into_iter().filter(|target| target.headers.is_none());
            check_route(virtual_service, plain.filter_map(|target| target.destination), settings, diagnostics);
        }
    }
}

fn check_route<'a>(
    virtual_service: &VirtualService<'_>,
    destinations: impl Iterator<Item = &'a Destination>,
    settings: &Settings,
    diagnostics: &mut Diagnostics,
) {
    let mut known: BTreeMap<(String, &str, Option<u32>), Span> = BTreeMap::new();
    for destination in destinations {
        let Some(host) = destination.host.filled() else { continue };
        let full = virtual_service.full_host(host, settings).into_owned();
        let subset = destination.subset.text();
        let port = destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
        match known.get(&(full.clone(), subset, port)) {
            None => drop(known.insert((full, subset, port), destination.span)),
            Some(first) => {
                let what =
                    if subset.is_empty() { format!("`{full}`") } else { format!("subset `{subset}` of `{full}`") };
                diagnostics
                    .report(&DUPLICATE, destination.span, format!("{what} is already a destination of the route"))
                    .related(*first, "first listed here")
                    .help("use another subset, or keep one entry with the sum of the weights");
            }
        }
    }
}
