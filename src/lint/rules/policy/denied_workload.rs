//! `denied-workload`

use super::gateway_traffic;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::security::PolicyAction;
use crate::source::Span;
use crate::world::{AuthorizationPolicy, DataPlane, Targeted, World};

pub static RULE: Rule = rule! {
    name: "denied-workload",
    summary: "policies deny all requests of a gateway or a workload, perhaps because they are written for others",
    findings: [
        &GATEWAY_NOT_ALLOWED,
        &GATEWAY_DENIED,
        &ROUTE_NOT_ALLOWED,
        &ROUTE_DENIED,
        &PRESUMED_ROUTE_NOT_ALLOWED,
        &WITHOUT_RULES,
        &NOTHING_ALLOWED,
    ],
    check: check,
};

pub(super) static GATEWAY_NOT_ALLOWED: Finding = finding! {
    "gateway-not-allowed", Lost, Certain, [],
    "ALLOW policies for other workloads are also for a gateway, and none allows its requests",
};
pub(super) static GATEWAY_DENIED: Finding = finding! {
    "gateway-denied", Lost, Certain, [],
    "a DENY rule for clients without an identity is also for a gateway, whose clients have none",
};
pub(super) static ROUTE_NOT_ALLOWED: Finding = finding! {
    "route-not-allowed", Lost, Certain, [],
    "a gateway sends requests to a workload, and no policy of the workload allows the gateway",
};
pub(super) static ROUTE_DENIED: Finding = finding! {
    "route-denied", Lost, Certain, [],
    "a gateway sends requests to a workload, and a DENY rule of the workload matches the gateway",
};
pub(super) static PRESUMED_ROUTE_NOT_ALLOWED: Finding = finding! {
    "presumed-route", Lost, Likely, [],
    "policies deny the requests of a gateway to a workload, if the workload has a sidecar",
};
static WITHOUT_RULES: Finding = finding! {
    "without-rules", Lost, Likely, [],
    "a policy with `action: ALLOW` has no rules, and no other policy allows requests to its workload",
};
static NOTHING_ALLOWED: Finding = finding! {
    "nothing-allowed", Notable, Certain, [],
    "a policy without rules selects a workload, and no other policy allows requests to it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if world.policies.authorization_policies().is_empty() {
        return;
    }
    gateway_traffic::check(world, diagnostics);
    for policy in world.policies.authorization_policies() {
        let selector = policy.spec.selector().filter(|selector| !selector.match_labels.is_empty());
        if policy.action() == PolicyAction::Allow
            && !policy.is_dry_run()
            && policy.spec.rules.is_empty()
            && let Some(selector) = selector
        {
            let place = selector.match_labels.span.unwrap_or(selector.span);
            check_without_rules(world, policy, place, diagnostics);
        }
    }
}

/// A policy without rules denies what no other policy allows.
fn check_without_rules<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    selector: Span,
    diagnostics: &mut Diagnostics,
) {
    let allows = |it: &AuthorizationPolicy<'_>| {
        it.action() == PolicyAction::Allow && !it.is_dry_run() && !it.spec.rules.is_empty()
    };
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    let root = &world.settings.root_namespace;
    let is_allowed = match workloads.is_empty() {
        // Any policy that is near may be for them.
        true => world
            .policies
            .authorization_policies()
            .iter()
            .any(|it| allows(it) && (it.name.namespace == policy.name.namespace || it.name.namespace == *root)),
        false => workloads.iter().all(|workload| {
            let all = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
            all.into_iter().any(allows) || world.namespaces.data_plane(workload) == Some(DataPlane::None)
        }),
    };
    if is_allowed {
        return;
    }
    let namespace = policy.name.namespace.as_ref();
    let gap = world.inventory.may_have_more(Kind::AuthorizationPolicy, namespace);
    if let Some(gap) = gap.or_else(|| world.inventory.unknowns.expect_anywhere(Kind::AuthorizationPolicy).err()) {
        return diagnostics.unchecked(gap);
    }
    let (finding, span) = match policy.spec.action {
        Some(action) => (&WITHOUT_RULES, action.span),
        None => (&NOTHING_ALLOWED, selector),
    };
    let diagnostic = diagnostics.report(
        finding,
        span,
        "the workloads of this policy deny all requests: it has no rules, and no other policy allows any",
    );
    if let Some(workload) = workloads.first() {
        diagnostic.related(workload.resource.name_span(), "a workload of the policy");
    }
    diagnostic.help("add `rules: [{}]` to allow all requests, or rules for those that are allowed");
}
