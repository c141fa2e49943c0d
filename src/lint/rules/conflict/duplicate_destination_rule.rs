//! `duplicate-destination-rule`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Span;
use crate::world::{DestinationRule, MergedRule, World};

pub static RULE: Rule = rule! {
    name: "duplicate-destination-rule",
    summary: "DestinationRules of one host, parts of which istiod drops when it merges them",
    findings: [&DROPPED_POLICY, &DROPPED_SUBSET, &NOT_MERGED],
    check: check,
};

static DROPPED_POLICY: Finding = finding! {
    "dropped-policy", Surprising, Certain, ["KIA0201"],
    "istiod drops the `trafficPolicy`, because another DestinationRule of the host has one",
};
static DROPPED_SUBSET: Finding = finding! {
    "dropped-subset", Surprising, Certain, ["KIA0201"],
    "istiod drops the subset, because another DestinationRule of the host defines it",
};
static NOT_MERGED: Finding = finding! {
    "not-merged", Surprising, Certain, ["KIA0201"],
    "istiod does not merge the DestinationRules, because their `exportTo` differs",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let destination_rules = &context.world.destination_rules;
    for namespace in destination_rules.namespaces() {
        for (_, merged) in destination_rules.merged_in(namespace) {
            merged.iter().for_each(|merged| check_merged(context.world, merged, diagnostics));
            check_not_merged(context.world, merged, diagnostics);
        }
    }
}

/// DestinationRules that istiod merges: their subsets add up. Of several subsets of one name, and of several policies,
/// the first is used.
fn check_merged(world: &World<'_>, merged: &MergedRule, diagnostics: &mut Diagnostics) {
    let mut policy: Option<(&DestinationRule<'_>, Span)> = None;
    let mut subsets: BTreeMap<&str, (&DestinationRule<'_>, Span)> = BTreeMap::new();
    for destination_rule in world.destination_rules.parts(merged) {
        let host = destination_rule.host.as_str();
        if let Some(own) = &destination_rule.spec.traffic_policy {
            match policy {
                None => policy = Some((destination_rule, own.span)),
                Some((first, _)) if world.may_be_elsewhere(first.resource, destination_rule.resource) => {}
                Some((first, span)) => {
                    let message =
                        format!("istiod drops the `trafficPolicy` of DestinationRule `{}`", destination_rule.name);
                    diagnostics
                        .report(&DROPPED_POLICY, own.span, message)
                        .related(
                            span,
                            format!("istiod uses the `trafficPolicy` of DestinationRule `{}` for `{host}`", first.name),
                        )
                        .help("merge the two DestinationRules");
                }
            }
        }
        for name in destination_rule.spec.subsets.iter().filter_map(|subset| subset.name.as_ref()) {
            match subsets.get(name.as_str()) {
                None => drop(subsets.insert(name, (destination_rule, name.span))),
                // The webhook rejects a DestinationRule that defines a subset twice.
                Some((first, _)) if std::ptr::eq(first.resource, destination_rule.resource) => {}
                Some((first, _)) if world.may_be_elsewhere(first.resource, destination_rule.resource) => {}
                Some((first, span)) => {
                    let message = format!("istiod drops this definition of subset `{}` of `{host}`", name.as_str());
                    diagnostics
                        .report(&DROPPED_SUBSET, name.span, message)
                        .related(*span, format!("istiod uses the definition of DestinationRule `{}`", first.name))
                        .help("rename or remove this subset");
                }
            }
        }
    }
}

/// DestinationRules of one host that istiod does not merge, because they are exported to different namespaces. Clients
/// that see several of them use the last one only.
fn check_not_merged(world: &World<'_>, merged: &[MergedRule], diagnostics: &mut Diagnostics) {
    let first = |merged| world.destination_rules.parts(merged).next().filter(|it| it.selector().is_none());
    let apart: Vec<&DestinationRule<'_>> = merged.iter().filter_map(first).collect();
    let Some((last, others)) = apart.split_last() else { return };
    for other in others.iter().filter(|other| other.export_to.overlaps(&last.export_to)) {
        let message =
            format!("DestinationRule `{}` does not apply to clients that see `{}` as well", other.name, last.name);
        diagnostics
            .report(&NOT_MERGED, other.host.span, message)
            .related(last.host.span, format!("these clients use DestinationRule `{}`", last.name))
            .help("set the same `exportTo` in both, so that istiod merges them");
    }
}
