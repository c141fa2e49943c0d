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

/// The ALLOW rules of some policies that match requests of a client with any of some identities, if all their conditions on
/// other attributes hold; without identities, those that match some client. `None` if the policies do not deny what no such rule matches.
pub fn allowing<'a>(
    world: &World<'a>,
    policies: &[&AuthorizationPolicy<'a>],
    identities: &[Option<Identity>],
) -> Option<Vec<&'a AuthorizationRule>> {
    let request = HttpRequest::default();
    let mut enforced =
        policies.iter().filter(|policy| policy.action() == PolicyAction::Allow && !policy.is_dry_run()).peekable();
    enforced.peek()?;
    let rules = enforced.flat_map(|policy| {
        let context = PolicyContext { settings: &world.settings, namespace: &policy.name.namespace };
        let can_match = |written: &&'a AuthorizationRule| {
            let compiled = rule::compile(written, PolicyAction::Allow, false, &context);
            let takes = |rule: &PolicyRule<'_>| {
                let is_one = |it: &Option<Identity>| rule.can_match(&any_request(it.as_ref(), &request));
                identities.is_empty() || identities.iter().any(is_one)
            };
            compiled.is_ok_and(|rule| takes(&rule))
        };
        policy.spec.rules.iter().filter(can_match).collect::<Vec<_>>()
    });
    Some(rules.collect())
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
