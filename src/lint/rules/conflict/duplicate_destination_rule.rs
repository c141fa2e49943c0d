//! `duplicate-destination-rule`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::source::Span;
use crate::world::{DestinationRule, MergedRule, World};

pub static RULE: Rule = rule! {
    name: "duplicate-destination-rule",
    aliases: ["KIA0201"],
    severity: Warning,
    summary: "DestinationRules for one host of which a part is dropped when istiod merges them",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let rules = &context.world.destination_rules;
    for namespace in rules.namespaces() {
        for (_, merged) in rules.merged_in(namespace) {
            merged.iter().for_each(|merged| check_merged(context.world, merged, diagnostics));
            check_apart(context.world, merged, diagnostics);
        }
    }
}

/// Rules that are merged: subsets add up, of a repeated one and of the policies the first counts.
fn check_merged(world: &World<'_>, merged: &MergedRule, diagnostics: &mut Diagnostics) {
    let mut policy: Option<(&DestinationRule<'_>, Span)> = None;
    let mut subsets: BTreeMap<&str, (&DestinationRule<'_>, Span)> = BTreeMap::new();
    for rule in world.destination_rules.parts(merged) {
        if let Some(own) = &rule.spec.traffic_policy {
            match policy {
                None => policy = Some((rule, own.span)),
                Some((first, span)) => {
                    diagnostics
                        .report_default(
                            own.span,
                            format!("the trafficPolicy of DestinationRule {} is dropped", rule.name),
                        )
                        .related(span, format!("that of {} applies to {}", first.name, rule.host.as_str()))
                        .help("merge the two DestinationRules into one");
                }
            }
        }
        for name in rule.spec.subsets.iter().filter_map(|subset| subset.name.as_ref()) {
            match subsets.get(name.as_str()) {
                None => drop(subsets.insert(name, (rule, name.span))),
                Some((first, span)) => {
                    diagnostics
                        .report_default(
                            name.span,
                            format!("this subset {} of {} is dropped", name.as_str(), rule.host.as_str()),
                        )
                        .related(*span, format!("the one of {} counts", first.name))
                        .help("give it another name, or remove it");
                }
            }
        }
    }
}

/// Rules of one host that are not merged, because they are exported to different namespaces: for clients that see
/// several of them only the last one exists.
fn check_apart(world: &World<'_>, merged: &[MergedRule], diagnostics: &mut Diagnostics) {
    let first = |merged| world.destination_rules.parts(merged).next().filter(|rule| rule.selector().is_none());
    let apart: Vec<&DestinationRule<'_>> = merged.iter().filter_map(first).collect();
    let Some((last, others)) = apart.split_last() else { return };
    for other in others.iter().filter(|other| other.export_to.overlaps(&last.export_to)) {
        diagnostics
            .report_default(
                other.host.span,
                format!("DestinationRule {} does not apply where {} is seen as well", other.name, last.name),
            )
            .related(last.host.span, "this one of the same host counts, because their exportTo differ")
            .help("give both the same exportTo, so that they are merged, or join them into one");
    }
}
