//! Policies that deny all requests of a client, whatever it requests.

use super::condition::PolicyContext;
use super::rule::{self, PolicyRule};
use super::{Attributes, Identity};
use crate::model::security::{AuthorizationRule, PolicyAction};
use crate::routing::HttpRequest;
use crate::world::{AuthorizationPolicy, World};

/// The policy that denies all HTTP requests of a client.
#[derive(Debug, Clone, Copy)]
pub enum Denial<'w, 'a> {
    /// A DENY rule matches them.
    ByRule(&'w AuthorizationPolicy<'a>, &'a AuthorizationRule),
    /// No ALLOW rule can match them. The first of the ALLOW policies.
    NotAllowed(&'w AuthorizationPolicy<'a>),
}

/// The rules of some policies with an action that match requests of a client with any of some identities, if all their
/// conditions on other attributes hold. Without identities, the client is not known.
pub fn matching<'a>(
    world: &World<'a>,
    policies: &[&AuthorizationPolicy<'a>],
    action: PolicyAction,
    identities: &[Option<Identity>],
) -> Vec<&'a AuthorizationRule> {
    let request = HttpRequest::default();
    let can_match = |rule: &PolicyRule<'_>| {
        let by = |it: &Option<Identity>| rule.can_match(&any_request(it.as_ref(), &request));
        identities.is_empty() || identities.iter().any(by)
    };
    compiled(world, policies, action).filter(|(_, rule)| can_match(rule)).map(|(written, _)| written).collect()
}

/// The rules of some policies with an action whose sources match all clients with any of some identities. Without
/// identities, the client is not known.
pub fn taking<'a>(
    world: &World<'a>,
    policies: &[&AuthorizationPolicy<'a>],
    action: PolicyAction,
    identities: &[Option<Identity>],
) -> Vec<&'a AuthorizationRule> {
    let request = HttpRequest::default();
    let takes = |rule: &PolicyRule<'_>| {
        let by = |it: &Option<Identity>| rule.takes_source(&any_request(it.as_ref(), &request));
        rule.takes_all_sources() || !identities.is_empty() && identities.iter().all(by)
    };
    compiled(world, policies, action).filter(|(_, rule)| takes(rule)).map(|(written, _)| written).collect()
}

/// The rules of enforced policies with an action, as they are written and compiled.
fn compiled<'p, 'a>(
    world: &'p World<'a>,
    policies: &'p [&'p AuthorizationPolicy<'a>],
    action: PolicyAction,
) -> impl Iterator<Item = (&'a AuthorizationRule, PolicyRule<'p>)> {
    let enforced = policies.iter().filter(move |policy| policy.action() == action && !policy.is_dry_run());
    enforced.flat_map(move |policy| {
        let context = PolicyContext { settings: &world.settings, namespace: &policy.name.namespace };
        let compile =
            |written: &'a AuthorizationRule| Some((written, rule::compile(written, action, false, &context).ok()?));
        policy.spec.rules.iter().filter_map(compile).collect::<Vec<_>>()
    })
}

/// A request of a client, of which only the identity is known.
fn any_request<'r>(identity: Option<&'r Identity>, request: &'r HttpRequest<'r>) -> Attributes<'r> {
    Attributes {
        is_from_gateway: false,
        identity,
        source_ip: None,
        remote_ip: None,
        destination_ip: None,
        destination_port: 0,
        sni: "",
        http: Some(request),
    }
}

/// The reason why some policies deny all requests of a client with any of some identities; `None` is a client without one.
/// Conditions on other attributes are assumed to hold for some request. `None` if the policies may allow some request.
pub fn denial<'w, 'a>(
    world: &World<'a>,
    policies: &[&'w AuthorizationPolicy<'a>],
    identities: &[Option<Identity>],
) -> Option<Denial<'w, 'a>> {
    let request = HttpRequest::default();
    let attributes = |identity| any_request(identity, &request);
    let enforced = |action: PolicyAction| {
        policies.iter().copied().filter(move |policy| policy.action() == action && !policy.is_dry_run())
    };
    let compiled = |policy: &'w AuthorizationPolicy<'a>| {
        let context = PolicyContext { settings: &world.settings, namespace: &policy.name.namespace };
        let rules = policy.spec.rules.iter().filter_map(|written| {
            let rule = rule::compile(written, policy.action(), false, &context).ok()?;
            Some((written, rule))
        });
        rules.collect::<Vec<_>>()
    };
    let matches_all = |rule: &PolicyRule<'_>| identities.iter().all(|it| rule.always_matches(&attributes(it.as_ref())));
    for policy in enforced(PolicyAction::Deny) {
        if let Some((written, _)) = compiled(policy).into_iter().find(|(_, rule)| matches_all(rule)) {
            return Some(Denial::ByRule(policy, written));
        }
    }
    let can_match = |rule: &PolicyRule<'_>| identities.iter().any(|it| rule.can_match(&attributes(it.as_ref())));
    let first = enforced(PolicyAction::Allow).next()?;
    let mut allowing = enforced(PolicyAction::Allow).flat_map(compiled);
    (!allowing.any(|(_, rule)| can_match(&rule))).then_some(Denial::NotAllowed(first))
}
