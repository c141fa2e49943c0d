//! `optional-token`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::networking::claim_path;
use crate::model::security::{JwtRule, PolicyAction, TokenPresence};
use crate::policy::{Attribute, requirements};
use crate::world::{AuthorizationPolicy, DataPlane, RequestAuthentication, Targeted, VirtualService, Workload, World};

pub static RULE: Rule = rule! {
    name: "optional-token",
    summary: "no policy requires the tokens of a RequestAuthentication, so requests without a token are allowed",
    findings: [&OPTIONAL],
    check: check,
};

static OPTIONAL: Finding = finding! {
    "optional", Notable, Certain, [],
    "requests without a token are allowed",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let optional: Vec<_> =
        world.policies.request_authentications().iter().filter(|policy| is_optional(policy)).collect();
    if optional.is_empty() {
        return;
    }
    let is_routed = world.virtual_services.iter().any(routes_by_claims);
    let headers = token_headers(world);
    let namespaces = PolicyNamespaces::new(world, &headers);
    for policy in optional {
        let namespace = policy.name.namespace.as_ref();
        let any = namespaces.cover(&namespaces.any, namespace);
        let known = world.inventory.expect_kind(any, Kind::AuthorizationPolicy, namespace);
        let more = || world.inventory.may_have_more(Kind::AuthorizationPolicy, namespace).map_or(Ok(()), Err);
        if let Err(gap) = known.and_then(|()| more()) {
            diagnostics.unchecked(gap);
            continue;
        }
        let is_required = namespaces.cover(&namespaces.with_token, namespace) && is_required(world, policy, &headers);
        let is_for_routes = is_routed && is_of_gateways(world, policy);
        if !is_required && !is_for_routes && !is_moot(world, policy) {
            report(policy, diagnostics);
        }
    }
}

/// The namespaces that have AuthorizationPolicies.
struct PolicyNamespaces<'w> {
    root: &'w str,
    any: BTreeSet<&'w str>,
    /// Those with a policy that looks at tokens.
    with_token: BTreeSet<&'w str>,
}

impl<'w> PolicyNamespaces<'w> {
    fn new(world: &'w World<'_>, headers: &BTreeSet<String>) -> Self {
        let policies = || world.policies.authorization_policies().iter();
        Self {
            root: &world.settings.root_namespace,
            any: policies().map(|policy| policy.name.namespace.as_ref()).collect(),
            with_token: policies()
                .filter(|it| looks_at_token(it, headers))
                .map(|policy| policy.name.namespace.as_ref())
                .collect(),
        }
    }

    /// Whether policies of some of the namespaces can be for the same workloads as policies of one namespace.
    fn cover(&self, namespaces: &BTreeSet<&str>, namespace: &str) -> bool {
        namespaces.contains(namespace)
            || namespaces.contains(self.root)
            || (namespace == self.root && !namespaces.is_empty())
    }
}

/// Whether a policy is or may be for gateways. Only gateways route by claims.
fn is_of_gateways<'a>(world: &World<'a>, policy: &RequestAuthentication<'a>) -> bool {
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    workloads.is_empty() || workloads.iter().any(|workload| world.is_gateway_workload(workload))
}

/// Whether routes of a VirtualService match claims of tokens.
fn routes_by_claims(virtual_service: &VirtualService<'_>) -> bool {
    let mut matches = virtual_service.spec.http.iter().flat_map(|route| &route.r#match);
    matches.any(|it| {
        let mut keys = it.headers.iter().chain(it.without_headers.iter()).map(|(key, _)| key);
        keys.any(|key| claim_path(key).is_some())
    })
}

fn report(policy: &RequestAuthentication<'_>, diagnostics: &mut Diagnostics) {
    let Some(rule) = policy.spec.jwt_rules.first() else { return };
    let place = rule.issuer.as_ref().map_or(rule.span, |issuer| issuer.span);
    diagnostics
        .report(
            &OPTIONAL,
            place,
            "requests need no token: a RequestAuthentication rejects only invalid tokens, and no policy requires one",
        )
        .help(
            "deny `notRequestPrincipals: [\"*\"]` in an AuthorizationPolicy, unless the token is optional on purpose",
        );
}

/// Whether a policy allows requests without any of its tokens.
fn is_optional(policy: &RequestAuthentication<'_>) -> bool {
    let is_required = |presence: TokenPresence| presence == TokenPresence::Required;
    !policy.spec.jwt_rules.iter().any(|rule| rule.presence.is_some_and(|it| is_required(it.value)))
}

/// The headers with tokens, or with what proxies write from them, in lower case.
fn token_headers(world: &World<'_>) -> BTreeSet<String> {
    let rules = world.policies.request_authentications().iter().flat_map(|policy| &policy.spec.jwt_rules);
    let of_rule = |rule: &JwtRule| {
        let from = rule.from_headers.iter().filter_map(|header| header.name.as_ref());
        let to = rule.output_claim_to_headers.iter().filter_map(|output| output.header.as_ref());
        let names = from.chain(to).chain(&rule.output_payload_to_header);
        names.map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    rules.flat_map(of_rule).chain(std::iter::once("authorization".to_owned())).collect()
}

/// Whether a policy looks at tokens or at their headers, or leaves the decision to a provider that may.
fn looks_at_token(policy: &AuthorizationPolicy<'_>, headers: &BTreeSet<String>) -> bool {
    let is_of_token = |attribute: &Attribute<'_>| match attribute {
        Attribute::Header(name) => headers.contains(&name.to_ascii_lowercase()),
        attribute => attribute.is_of_token(),
    };
    policy.action() == PolicyAction::Custom
        || policy.spec.rules.iter().flat_map(requirements).any(|it| is_of_token(&it.attribute))
}

/// Whether an AuthorizationPolicy that looks at tokens is for some workload of a RequestAuthentication, or no workload allows
/// or checks any request. A policy may be for workloads that are not among the manifests.
fn is_required<'a>(world: &World<'a>, policy: &RequestAuthentication<'a>, headers: &BTreeSet<String>) -> bool {
    if !policy.spec.target_refs().is_empty() {
        return true;
    }
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    workloads.is_empty()
        || workloads.iter().any(|workload| {
            let policies = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
            policies.into_iter().any(|policy| looks_at_token(policy, headers))
        })
}

/// Whether no request reaches the workloads of a policy through a proxy that applies it: they have none, or they deny all
/// requests.
fn is_moot<'a>(world: &World<'a>, policy: &RequestAuthentication<'a>) -> bool {
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    let is_moot = |workload: &&Workload<'_>| {
        let policies = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
        let mut allowing =
            policies.iter().filter(|it| it.action() == PolicyAction::Allow && !it.is_dry_run()).peekable();
        let denies_all = allowing.peek().is_some() && allowing.all(|it| it.spec.rules.is_empty());
        let has_no_proxy = matches!(world.namespaces.data_plane(workload), Some(DataPlane::None | DataPlane::Ambient));
        denies_all || (has_no_proxy && !world.is_gateway_workload(workload))
    };
    !workloads.is_empty() && workloads.iter().all(is_moot)
}
