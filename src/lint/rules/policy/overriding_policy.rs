//! `overriding-policy`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::{self, PolicyAction};
use crate::policy::{Attribute, Requirement, RuleParts};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, Workload, World};

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
            .help("remove `action` and `rules`: the policy then denies only what no ALLOW policy allows");
    } else {
        diagnostics
            .report(&DENY_ALL, place, "this rule denies all requests, and no ALLOW policy can make an exception")
            .help("to make exceptions, remove `action` and `rules`, and add an ALLOW policy for each of them");
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

/// Whether a rule matches every HTTP request: it has no conditions, or only such as match everything.
pub(super) fn is_unconditional(rule: &security::AuthorizationRule) -> bool {
    let parts = RuleParts::new(rule);
    let matches_all = |alternatives: &[Vec<Requirement<'_>>]| {
        alternatives.iter().any(|all| !all.is_empty() && all.iter().all(is_always_met))
    };
    rule.when.is_empty()
        && (rule.from.is_empty() || matches_all(&parts.from))
        && (rule.to.is_empty() || matches_all(&parts.to))
}

/// Whether a condition holds for every HTTP request.
fn is_always_met(requirement: &Requirement<'_>) -> bool {
    let is = |all: &[&str]| requirement.values.iter().any(|value| all.contains(&value.as_str()));
    !requirement.negated
        && match requirement.attribute {
            Attribute::Host | Attribute::Method => is(&["*"]),
            Attribute::Path => is(&["*", "/*"]),
            Attribute::SourceIp | Attribute::RemoteIp => is(&["0.0.0.0/0"]),
            _ => false,
        }
}

fn action_place(policy: &AuthorizationPolicy<'_>) -> Span {
    policy.spec.action.map_or_else(|| policy.resource.name_span(), |action| action.span)
}

/// An ALLOW policy with conditions, all of whose workloads a policy is for. For other workloads, it still has an effect:
/// a narrower policy is an exception from it.
fn overridden<'w, 'a>(world: &'w World<'a>, policy: &AuthorizationPolicy<'a>) -> Option<&'w AuthorizationPolicy<'a>> {
    let is_overridden = |other: &&AuthorizationPolicy<'a>| {
        !std::ptr::eq(other.resource, policy.resource)
            && !world.may_be_elsewhere(other.resource, policy.resource)
            && other.action() == PolicyAction::Allow
            && !other.is_dry_run()
            && other.spec.rules.iter().any(|rule| !is_unconditional(rule))
            && !other.spec.rules.iter().any(is_unconditional)
            && (world.policies.covers(policy, other) || covers_all_known(world, policy, other))
    };
    match policy.name.namespace == world.settings.root_namespace {
        true => world.policies.authorization_policies().iter().find(is_overridden),
        false => world.policies.authorization_policies_in(&policy.name.namespace).find(is_overridden),
    }
}

/// Whether a policy is for all workloads of another one, and the manifests have all of these.
fn covers_all_known<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, other: &AuthorizationPolicy<'a>) -> bool {
    let namespace = other.name.namespace.as_ref();
    if namespace == world.settings.root_namespace || world.inventory.workloads(namespace).is_err() {
        return false;
    }
    let (Some(own), Some(others)) = (world.workloads_of_policy(policy), world.workloads_of_policy(other)) else {
        return false;
    };
    let is_own = |workload: &&Workload<'_>| own.iter().any(|it| std::ptr::eq(*it, *workload));
    !others.is_empty() && others.iter().all(is_own)
}
