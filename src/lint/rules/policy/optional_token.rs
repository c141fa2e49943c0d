//! `optional-token`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::security::{Action, TokenPresence};
use crate::policy::asked;
use crate::world::{AuthorizationPolicy, RequestAuthentication, Targeted, World};

pub static RULE: Rule = rule! {
    name: "optional-token",
    aliases: [],
    severity: Info,
    summary: "a RequestAuthentication whose tokens nothing asks for: requests without one are let in",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    // Routes by claims need tokens as well.
    let routed = || world.virtual_services.iter().any(|service| {
        let mut matches = service.spec.http.iter().flat_map(|rule| &rule.r#match);
        matches.any(|it| it.headers.iter().chain(it.without_headers.iter()).any(|(key, _)| key.starts_with("@request.auth.")))
    });
    let asking: BTreeSet<&str> = world
        .policies
        .authorization_policies()
        .iter()
        .filter(|policy| asks_for_token(policy))
        .map(|policy| policy.name.namespace.as_ref())
        .collect();
    for policy in world.policies.request_authentications().iter().filter(|policy| is_optional(policy)) {
        let is_root = policy.name.namespace == world.settings.root_namespace;
        let is_asked_near = asking.contains(policy.name.namespace.as_ref())
            || asking.contains(world.settings.root_namespace.as_str())
            || (is_root && !asking.is_empty());
        if (is_asked_near && is_asked(world, policy)) || routed() {
            continue;
        }
        let Some(rule) = policy.spec.jwt_rules.first() else { continue };
        let place = rule.issuer.as_ref().map_or(rule.span, |issuer| issuer.span);
        findings
            .report(place, "requests without a token are let in: a RequestAuthentication refuses only invalid ones")
            .help("add an AuthorizationPolicy that denies notRequestPrincipals: [\"*\"], unless that is meant");
    }
}

/// Whether it lets in requests without any of its tokens.
fn is_optional(policy: &RequestAuthentication<'_>) -> bool {
    let is_required = |presence: TokenPresence| presence == TokenPresence::Required;
    !policy.spec.jwt_rules.iter().any(|rule| rule.presence.is_some_and(|it| is_required(it.value)))
}

/// Whether a policy looks at tokens, or leaves the decision to somebody who may.
fn asks_for_token(policy: &AuthorizationPolicy<'_>) -> bool {
    policy.action() == Action::Custom
        || policy.spec.rules.iter().flat_map(asked).any(|asked| asked.attribute.is_of_token())
}

/// Whether some workload of the policy has one that asks for tokens. Those that are not among the manifests may have.
fn is_asked<'a>(world: &World<'a>, policy: &RequestAuthentication<'a>) -> bool {
    if !policy.spec.target_refs().is_empty() {
        return true;
    }
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    workloads.is_empty()
        || workloads.iter().any(|workload| {
            let policies = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
            policies.into_iter().any(asks_for_token)
        })
}
