//! `subset-selects-nothing`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::model::field::TextField;
use crate::model::networking::Subset;
use crate::model::{Kind, LabelSet};
use crate::world::{DestinationRule, Discovery, Gap, Service, World, host};

pub static RULE: Rule = rule! {
    name: "subset-selects-nothing",
    aliases: ["IST0173", "KIA0203"],
    severity: Error,
    summary: "a subset whose labels none of the service's workloads has: its requests are answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for rule in world.destination_rules.iter() {
        let labelled = rule.spec.subsets.iter().filter(|subset| !subset.labels.is_empty());
        for subset in labelled {
            check_subset(world, rule, subset, diagnostics);
        }
    }
}

fn check_subset(world: &World<'_>, rule: &DestinationRule<'_>, subset: &Subset, diagnostics: &mut Diagnostics) {
    // A wildcard gives its subsets to many services; not all of them need all.
    if host::wildcard_suffix(&rule.host).is_some() {
        return;
    }
    let Some(service) = world.services.covering(&rule.name.namespace, &rule.host) else {
        // Then the host is the mistake.
        if world.inventory.is_complete() {
            return;
        }
        return diagnostics.unchecked(Gap::NoServicesOf(Kind::DestinationRule, rule.name.to_string()));
    };
    // Sidecars send requests to a headless service where the client dials, whatever the labels are.
    if service.discovery == Discovery::Headless {
        return;
    }
    match endpoints(world, service) {
        Err(gap) => diagnostics.unchecked(gap),
        Ok(endpoints) if endpoints.iter().any(|endpoint| subset.labels.selects(endpoint)) => {}
        Ok(endpoints) => {
            let diagnostic = report(service, subset, &endpoints, diagnostics);
            // A single version may be what the manifests start from, and a subset that nothing routes to does no harm.
            if endpoints.len() < 2 || !is_routed_to(world, rule, subset) {
                diagnostic.severity(Severity::Warning);
            }
        }
    }
}

/// The labels of everything that the service could send a request to, or why that is not known.
fn endpoints<'a>(world: &World<'a>, service: &Service<'a>) -> Result<Vec<LabelSet<'a>>, Gap> {
    // With a selector the listed endpoints do not count.
    if !service.endpoints.is_empty() && service.selector.is_none() {
        return Ok(service.endpoints.iter().map(|endpoint| endpoint.labels.to_set()).collect());
    }
    world.inventory.workloads(&service.namespace)?;
    match world.workloads_of_service(service) {
        Some(workloads) if !workloads.is_empty() => {
            Ok(workloads.iter().map(|workload| workload.labels.clone()).collect())
        }
        Some(_) if world.inventory.is_complete() => Ok(Vec::new()),
        Some(_) => Err(Gap::NoWorkloadsOf(Kind::Service, service.hostname.clone())),
        None => Err(Gap::UnknownEndpoints(service.hostname.clone())),
    }
}

/// Whether some VirtualService sends requests to a subset of this name of the rule's host.
fn is_routed_to(world: &World<'_>, rule: &DestinationRule<'_>, subset: &Subset) -> bool {
    let name = subset.name.as_deref();
    world.virtual_services.iter().any(|service| {
        service.destinations().iter().any(|destination| {
            destination.destination.subset.as_deref() == name
                && service.full_host(destination.host, &world.settings) == rule.host.as_str()
        })
    })
}

fn report<'f>(
    service: &Service<'_>,
    subset: &Subset,
    endpoints: &[LabelSet<'_>],
    diagnostics: &'f mut Diagnostics,
) -> &'f mut Diagnostic {
    let name = subset.name.text();
    let diagnostic = diagnostics.report_default(
        subset.labels.span.unwrap_or(subset.span),
        format!("subset {name} selects none of the workloads of {}", service.hostname),
    );
    diagnostic.related(service.span, "the service");
    if endpoints.is_empty() {
        return diagnostic.help("the service itself selects none");
    }
    let values: Vec<String> = subset.labels.iter().map(|(key, _)| describe_values(key, endpoints)).collect();
    diagnostic.help(values.join("; "))
}

/// What the workloads have for a label.
fn describe_values(key: &str, endpoints: &[LabelSet<'_>]) -> String {
    let values: BTreeSet<&str> = endpoints.iter().filter_map(|labels| labels.get(key).copied()).collect();
    match values.len() {
        0 => format!("none of them has a label {key}"),
        _ => format!("their {key} is {}", values.into_iter().collect::<Vec<_>>().join(" or ")),
    }
}
