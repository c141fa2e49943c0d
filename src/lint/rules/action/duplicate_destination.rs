//! `duplicate-destination`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::TextField;
use crate::model::networking::Destination;
use crate::source::Span;
use crate::world::{Settings, VirtualService};

pub static RULE: Rule = rule! {
    name: "duplicate-destination",
    aliases: ["KIA1105"],
    severity: Warning,
    summary: "the same destination twice in one route",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let settings = &context.world.settings;
    for service in &context.world.virtual_services {
        for route in service.routes() {
            // With headers of their own two shares of one destination differ.
            let plain = route.targets().into_iter().filter(|target| target.headers.is_none());
            check_route(service, plain.filter_map(|target| target.destination), settings, diagnostics);
        }
    }
}

fn check_route<'a>(
    service: &VirtualService<'_>,
    destinations: impl Iterator<Item = &'a Destination>,
    settings: &Settings,
    diagnostics: &mut Diagnostics,
) {
    let mut known: BTreeMap<(String, &str, Option<u32>), Span> = BTreeMap::new();
    for destination in destinations {
        let Some(host) = destination.host.filled() else { continue };
        let full = service.full_host(host, settings).into_owned();
        let subset = destination.subset.text();
        let port = destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
        match known.get(&(full.clone(), subset, port)) {
            None => drop(known.insert((full, subset, port), destination.span)),
            Some(first) => {
                let what = if subset.is_empty() { full } else { format!("subset {subset} of {full}") };
                diagnostics
                    .report_default(destination.span, format!("{what} is a destination of this route already"))
                    .related(*first, "first here")
                    .help("was another subset meant? otherwise add the weights and keep one");
            }
        }
    }
}
