//! `optional-token`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;
use crate::model::security::{PolicyAction, TokenPresence};
use crate::policy::requirements;
use crate::world::{AuthorizationPolicy, Gap, RequestAuthentication, Targeted, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "optional-token",
    aliases: [],
    severity: Info,
    summary: "a RequestAuthentication whose tokens nothing asks for: requests without one are let in",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let optional: Vec<_> =
        world.policies.request_authentications().iter().filter(|policy| is_optional(policy)).collect();
    if optional.is_empty() {
        return;
    }
    let is_routed = world.virtual_services.iter().any(|service| routes_by_claims(service));
    let places = Places::new(world);
    for policy in optional {
        let namespace = policy.name.namespace.as_ref();
        let gap = Gap::NoResources(Kind::AuthorizationPolicy, namespace.to_owned());
        if let Err(gap) = world.inventory.expect(places.is_near(&places.any, namespace), gap) {
            diagnostics.unchecked(gap);
            continue;
        }
        let is_asked = places.is_near(&places.asking, namespace) && is_asked(world, policy);
        let is_for_routes = is_routed && is_of_gateways(world, policy);
        if !is_asked && !is_for_routes {
            report(policy, diagnostics);
        }
    }
}

/// Where there are AuthorizationPolicies, and where such that look at tokens.
struct Places<'w> {
    root: &'w str,
    any: BTreeSet<&'w str>,
    asking: BTreeSet<&'w str>,
}

impl<'w> Places<'w> {
    fn new(world: &'w World<'_>) -> Self {
        let policies = || world.policies.authorization_policies().iter();
        Self {
            root: &world.settings.root_namespace,
            any: policies().map(|policy| policy.name.namespace.as_ref()).collect(),
            asking: policies().filter(|it| asks_for_token(it)).map(|policy| policy.name.namespace.as_ref()).collect(),
        }
    }

    /// Whether some of the places count for workloads that policies of a namespace are for.
    fn is_near(&self, places: &BTreeSet<&str>, namespace: &str) -> bool {
        places.contains(namespace) || places.contains(self.root) || (namespace == self.root && !places.is_empty())
    }
}

/// Whether a policy is, or could be, for gateways. Only they route by claims.
fn is_of_gateways<'a>(world: &World<'a>, policy: &RequestAuthentication<'a>) -> bool {
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    workloads.is_empty() || workloads.iter().any(|workload| world.is_gateway_workload(workload))
}

/// Whether tokens are needed to route requests.
fn routes_by_claims(service: &VirtualService<'_>) -> bool {
    let mut matches = service.spec.http.iter().flat_map(|rule| &rule.r#match);
    matches.any(|it| {
        let mut keys = it.headers.iter().chain(it.without_headers.iter()).map(|(key, _)| key);
        keys.any(|key| key.starts_with("@request.auth."))
    })
}

fn report(policy: &RequestAuthentication<'_>, diagnostics: &mut Diagnostics) {
    let Some(rule) = policy.spec.jwt_rules.first() else { return };
    let place = rule.issuer.as_ref().map_or(rule.span, |issuer| issuer.span);
    diagnostics
        .report_default(place, "requests without a token are let in: a RequestAuthentication refuses only invalid ones")
        .help("add an AuthorizationPolicy that denies notRequestPrincipals: [\"*\"], unless that is meant");
}

/// Whether it lets in requests without any of its tokens.
fn is_optional(policy: &RequestAuthentication<'_>) -> bool {
    let is_required = |presence: TokenPresence| presence == TokenPresence::Required;
    !policy.spec.jwt_rules.iter().any(|rule| rule.presence.is_some_and(|it| is_required(it.value)))
}

/// Whether a policy looks at tokens, or leaves the decision to somebody who may.
fn asks_for_token(policy: &AuthorizationPolicy<'_>) -> bool {
    policy.action() == PolicyAction::Custom
        || policy.spec.rules.iter().flat_map(requirements).any(|asked| asked.attribute.is_of_token())
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
