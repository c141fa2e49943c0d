//! `overriding-policy`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::security::{self, PolicyAction};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, Targeted, World};

pub static RULE: Rule = rule! {
    name: "overriding-policy",
    aliases: [],
    severity: Warning,
    summary: "a rule without conditions that makes other policies of the same workloads pointless",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.authorization_policies().iter().filter(|policy| !policy.is_dry_run()) {
        let Some(rule) = policy.spec.rules.iter().find(|rule| is_unconditional(rule)) else { continue };
        let message = match policy.action() {
            PolicyAction::Deny => "this rule denies everything",
            PolicyAction::Allow => "this rule allows everything",
            _ => continue,
        };
        let Some(other) = pointless(world, policy) else { continue };
        let is_deny = policy.action() == PolicyAction::Deny;
        diagnostics
            .report_default(rule.span, format!("{message}, so AuthorizationPolicy {} is pointless", other.name))
            .related(place(other), "what it allows is decided already")
            .help(match is_deny {
                true => "DENY goes before ALLOW; to let in only what is allowed use a policy with `spec: {}`",
                false => "ALLOW policies add up; remove this one, or the others",
            });
    }
    report_total_denials(world, diagnostics);
}

/// Nothing can be allowed beside a DENY of everything, which is worth knowing even where nobody tries.
fn report_total_denials(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let reported: Vec<Span> = diagnostics.spans().collect();
    for policy in world.policies.authorization_policies().iter().filter(|policy| policy.action() == PolicyAction::Deny)
    {
        let rules = policy.spec.rules.iter().filter(|rule| is_unconditional(rule));
        for rule in rules.filter(|rule| !reported.contains(&rule.span)).take(1) {
            diagnostics
                .report_default(rule.span, "this rule denies everything, and no ALLOW policy can make an exception")
                .severity(Severity::Info)
                .help("to let in only what is allowed use a policy with `spec: {}`");
        }
    }
}

fn is_unconditional(rule: &security::AuthorizationRule) -> bool {
    rule.from.is_empty() && rule.to.is_empty() && rule.when.is_empty()
}

fn place(policy: &AuthorizationPolicy<'_>) -> Span {
    policy.spec.action.map_or_else(|| policy.resource.name_span(), |action| action.span)
}

/// An ALLOW policy with conditions that some workload of a policy gets as well.
fn pointless<'w, 'a>(world: &'w World<'a>, policy: &AuthorizationPolicy<'a>) -> Option<&'w AuthorizationPolicy<'a>> {
    let is_other = |other: &AuthorizationPolicy<'_>| {
        !std::ptr::eq(other.resource, policy.resource)
            && other.action() == PolicyAction::Allow
            && !other.is_dry_run()
            && other.spec.rules.iter().any(|rule| !is_unconditional(rule))
            && !other.spec.rules.iter().any(is_unconditional)
    };
    let workloads = world.workloads_of_policy(policy)?;
    if workloads.is_empty() {
        // Where no workload tells, the same selector does.
        let labels = |policy: &AuthorizationPolicy<'_>| policy.spec.selector().map(|it| it.match_labels.describe());
        let mut others = world.policies.authorization_policies_in(&policy.name.namespace);
        return others
            .find(|other| is_other(other) && other.spec.target_refs().is_empty() && labels(other) == labels(policy));
    }
    workloads.iter().find_map(|workload| {
        let all = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
        all.into_iter().find(|other| is_other(other))
    })
}
