//! `subset-selects-nothing`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::Subset;
use crate::model::wording;
use crate::model::{Kind, LabelSet};
use crate::source::Spanned;
use crate::world::{DestinationRule, Discovery, Gap, Service, World, host, is_added_label};

pub static RULE: Rule = rule! {
    name: "subset-selects-nothing",
    summary: "a subset whose labels match no workload of the service, so its requests get 503",
    findings: [&ROUTED, &SINGLE_WORKLOAD, &NO_SELECTOR, &UNUSED],
    check: check,
};

static ROUTED: Finding = finding! {
    "routed", Lost, Certain, ["IST0173", "KIA0203"],
    "a VirtualService routes to the subset, and none of several workloads has its labels",
};
// With one workload, others may be added later.
static SINGLE_WORKLOAD: Finding = finding! {
    "single-workload", Lost, Likely, ["IST0173", "KIA0203"],
    "a VirtualService routes to the subset, and the manifests have at most one workload of the service",
};
// The controller that makes the endpoints may name pods.
static NO_SELECTOR: Finding = finding! {
    "no-selector", Lost, Likely, ["IST0173", "KIA0203"],
    "a VirtualService routes to the subset, and the Service has no selector, so its endpoints have no labels",
};
static UNUSED: Finding = finding! {
    "unused", Notable, Certain, ["IST0173", "KIA0203"],
    "no VirtualService routes to the subset",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for destination_rule in world.destination_rules.iter() {
        let labelled = destination_rule.spec.subsets.iter().filter(|subset| !subset.labels.is_empty());
        for subset in labelled {
            check_subset(world, destination_rule, subset, diagnostics);
        }
    }
}

fn check_subset(
    world: &World<'_>,
    destination_rule: &DestinationRule<'_>,
    subset: &Subset,
    diagnostics: &mut Diagnostics,
) {
    let host = &destination_rule.host;
    // A wildcard gives its subsets to many services; not all of them need all.
    if host::wildcard_suffix(host).is_some() {
        return;
    }
    let Some(service) = world.services.covering(&destination_rule.name.namespace, host) else {
        // `inert-destination-rule` reports a host that does not exist, or is not exported.
        if world.inventory.is_complete() || world.services.named(host).next().is_some() {
            return;
        }
        return diagnostics.unchecked(Gap::NoServicesOf(Kind::DestinationRule, destination_rule.name.to_string()));
    };
    // Sidecars forward requests for a headless service to the address that the client calls, whatever its labels are.
    if service.discovery == Discovery::Headless {
        return;
    }
    let is_routed_to = is_routed_to(world, destination_rule, subset);
    if service.discovery == Discovery::ClusterIp && service.selector.is_none() && is_routed_to {
        let message = format!(
            "subset `{}` has no endpoints: Service `{}` has no selector, so its endpoints have no labels",
            subset.name.text(),
            service.hostname
        );
        diagnostics
            .report(&NO_SELECTOR, subset.labels.span.unwrap_or(subset.span), message)
            .related(service.span, "the service")
            .help("add a `selector` to the Service, or define labelled endpoints in a ServiceEntry");
        return;
    }
    let endpoints = match endpoints(world, service) {
        Err(gap) => return diagnostics.unchecked(gap),
        Ok(endpoints) => endpoints,
    };
    let has = |endpoint: &LabelSet<'_>, (key, value): Label<'_>| endpoint.get(key.as_str()) == Some(&value.as_str());
    if endpoints.iter().any(|endpoint| subset.labels.iter().all(|label| has(endpoint, label))) {
        return;
    }
    let mut added = subset.labels.iter().filter(|label| is_added(*label));
    let is_open = |endpoint: &LabelSet<'_>| subset.labels.iter().all(|label| is_added(label) || has(endpoint, label));
    if let Some((key, _)) = added.next()
        && endpoints.iter().any(is_open)
    {
        return diagnostics.unchecked(Gap::AddedLabel(key.value.clone()));
    }
    let mut all: LabelSet<'_> = service.selector.map(|selector| selector.to_set()).unwrap_or_default();
    all.extend(subset.labels.to_set());
    if let Some(gap) = world.inventory.has_other_workloads(&service.namespace, &all) {
        return diagnostics.unchecked(gap);
    }
    let finding = match is_routed_to {
        true if endpoints.len() >= 2 => &ROUTED,
        true => &SINGLE_WORKLOAD,
        false => &UNUSED,
    };
    let message = format!("subset `{}` selects no workload of `{}`", subset.name.text(), service.hostname);
    diagnostics
        .report(finding, subset.labels.span.unwrap_or(subset.span), message)
        .related(service.span, "the service")
        .help(advice(subset, &endpoints));
}

/// A label of a subset: its key and its value.
type Label<'s> = (&'s Spanned<String>, &'s Spanned<String>);

/// Whether endpoints can have a label that their manifests do not show.
fn is_added((key, value): Label<'_>) -> bool {
    !value.is_empty() && is_added_label(key)
}

/// The labels of everything that the service could send a request to, or why that is not known.
fn endpoints<'a>(world: &World<'a>, service: &Service<'a>) -> Result<Vec<LabelSet<'a>>, Gap> {
    // With a selector the listed endpoints do not count.
    if !service.endpoints.is_empty() && service.selector.is_none() {
        return Ok(service.endpoints.iter().map(|endpoint| endpoint.labels.to_set()).collect());
    }
    if service.selector.is_some_and(|selector| world.inventory.unknowns.placeholders().hide_labels(selector)) {
        return Err(Gap::PlaceholdersIn(service.resource.kind, service.hostname.clone()));
    }
    let workloads = world.workloads_of_service(service);
    if workloads.is_some() {
        world.inventory.lists_workloads(&service.namespace)?;
    }
    let selector = service.selector.map(|selector| selector.to_set()).unwrap_or_default();
    match workloads {
        Some(workloads) if !workloads.is_empty() => {
            Ok(workloads.iter().map(|workload| workload.labels.clone()).collect())
        }
        Some(_) => {
            world.inventory.workloads_with(&service.namespace, &selector)?;
            if world.inventory.is_complete_in(&service.namespace) {
                Ok(Vec::new())
            } else {
                Err(service.gap_of_workloads())
            }
        }
        None => Err(service.gap_of_workloads()),
    }
}

/// Whether some VirtualService sends requests to a subset of this name of the DestinationRule's host.
fn is_routed_to(world: &World<'_>, destination_rule: &DestinationRule<'_>, subset: &Subset) -> bool {
    let name = subset.name.as_deref();
    world.virtual_services.iter().any(|virtual_service| {
        virtual_service.destinations().iter().any(|it| {
            it.destination.subset.as_deref() == name
                && virtual_service.full_host(it.host, &world.settings) == destination_rule.host.as_str()
        })
    })
}

/// Suggests the values that workloads have for the labels that none of them matches.
fn advice(subset: &Subset, endpoints: &[LabelSet<'_>]) -> Advice {
    if endpoints.is_empty() {
        return "add a workload that the selector of the service matches".into();
    }
    let values_of =
        |key: &str| -> BTreeSet<&str> { endpoints.iter().filter_map(|labels| labels.get(key).copied()).collect() };
    let mut advice: Vec<String> = Vec::new();
    let mut edits: Vec<Vec<Edit>> = Vec::new();
    for (key, value) in subset.labels.iter() {
        let values = values_of(key);
        if is_added((key, value)) {
            continue;
        } else if is_added_label(key) {
            advice.push(format!("set `{}` to a value", key.as_str()));
        } else if values.is_empty() {
            advice.push(format!("add label `{}` to the workloads", key.as_str()));
        } else if !values.contains(value.as_str()) {
            advice.push(format!("set `{}` to {}", key.as_str(), wording::list(&values, "or")));
            edits.push(values.into_iter().map(|other| Edit::set(value.span, other)).collect());
        }
    }
    if advice.is_empty() {
        return "use labels that one workload has together".into();
    }
    let help = Advice::new(advice.join(", and "));
    match edits.as_slice() {
        [values] if advice.len() == 1 => match values.as_slice() {
            [only] => help.fix([only.clone()]),
            values => values.iter().fold(help, |help, edit| help.option([edit.clone()])),
        },
        _ => help,
    }
}
