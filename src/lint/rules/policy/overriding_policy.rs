//! `overriding-policy`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::{self, PolicyAction};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, Targeted, World};

pub static RULE: Rule = rule! {
    name: "overriding-policy",
    summary: "a rule without conditions denies or allows all requests, so other policies have no effect",
    findings: [&DENY_OVER_ALLOW, &ALLOW_OVER_ALLOW, &DENY_ALL],
    check: check,
};

static DENY_OVER_ALLOW: Finding = finding! {
    "deny-over-allow", Lost, Likely, [],
    "a policy denies all requests, so an ALLOW policy for the same workloads allows nothing",
};
static ALLOW_OVER_ALLOW: Finding = finding! {
    "allow-over-allow", Exposed, Likely, [],
    "a policy allows all requests, so another ALLOW policy for the same workloads restricts nothing",
};
static DENY_ALL: Finding = finding! {
    "deny-all", Notable, Certain, [],
    "a policy denies all requests, and allows no exceptions",
};

const SPEC_WITHOUT_RULES: &str = "use a policy with `spec: {}` to deny only what no ALLOW policy allows";

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.authorization_policies().iter().filter(|policy| !policy.is_dry_run()) {
        let Some(rule) = policy.spec.rules.iter().find(|rule| is_unconditional(rule)) else { continue };
        match policy.action() {
            PolicyAction::Deny => check_deny(world, policy, rule.span, diagnostics),
            PolicyAction::Allow => check_allow(world, policy, rule.span, diagnostics),
            _ => {}
        }
    }
}

fn check_deny<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, place: Span, diagnostics: &mut Diagnostics) {
    if let Some(other) = overridden(world, policy) {
        diagnostics
            .report(
                &DENY_OVER_ALLOW,
                place,
                format!("this rule denies all requests, so AuthorizationPolicy `{}` allows nothing", other.name),
            )
            .related(action_place(other), "DENY takes precedence over this policy")
            .help(SPEC_WITHOUT_RULES);
    } else {
        diagnostics
            .report(&DENY_ALL, place, "this rule denies all requests, and no ALLOW policy can make an exception")
            .help(SPEC_WITHOUT_RULES);
    }
}

fn check_allow<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, place: Span, diagnostics: &mut Diagnostics) {
    let Some(other) = overridden(world, policy) else { return };
    diagnostics
        .report(
            &ALLOW_OVER_ALLOW,
            place,
            format!("this rule allows all requests, so AuthorizationPolicy `{}` restricts nothing", other.name),
        )
        .related(action_place(other), "one matching ALLOW rule is enough, so this policy has no effect")
        .help("remove this rule, or the other policy");
}

fn is_unconditional(rule: &security::AuthorizationRule) -> bool {
    rule.from.is_empty() && rule.to.is_empty() && rule.when.is_empty()
}

fn action_place(policy: &AuthorizationPolicy<'_>) -> Span {
    policy.spec.action.map_or_else(|| policy.resource.name_span(), |action| action.span)
}

/// An ALLOW policy with conditions that is for one of the workloads of a policy.
fn overridden<'w, 'a>(world: &'w World<'a>, policy: &AuthorizationPolicy<'a>) -> Option<&'w AuthorizationPolicy<'a>> {
    let is_other = |other: &AuthorizationPolicy<'_>| {
        !std::ptr::eq(other.resource, policy.resource)
            && !world.may_be_elsewhere(other.resource, policy.resource)
            && other.action() == PolicyAction::Allow
            && !other.is_dry_run()
            && other.spec.rules.iter().any(|rule| !is_unconditional(rule))
            && !other.spec.rules.iter().any(is_unconditional)
    };
    let workloads = world.workloads_of_policy(policy)?;
    if workloads.is_empty() {
        // Policies with the same selector are for the same workloads, even if these are unknown.
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
