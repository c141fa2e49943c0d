//! The requests that the policies of a proxy may treat otherwise than one that was tried.

use super::Conditions;
use super::filters::condition;
use crate::model::label_set;
use crate::model::security::{AuthorizationRule, PolicyAction};
use crate::policy::{Identity, Requirement, RuleParts, matching, taking};
use crate::proof::hosts::escaped;
use crate::proof::vantage::Vantage;
use crate::routing::{EnvoyRegex, MatchCondition, Matcher};
use crate::simulate::{Answer, Outcome, Request, Simulator, WorkloadRef};
use crate::source::Spanned;
use crate::world::AuthorizationPolicy;

/// Requests that meet conditions, and none of some exceptions.
#[derive(Debug, Clone, Default)]
pub struct Passage {
    /// The conditions.
    pub meets: Conditions,
    /// The exceptions.
    pub except: Vec<Conditions>,
}

/// The verdict of policies that a search looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// They let a request pass.
    Passed,
    /// They deny one.
    Denied,
}

/// Passages of which each request takes one that has the wanted verdict, where an answer shows the other verdict. `None` if
/// that cannot be said.
pub fn passages<'a>(
    simulator: &Simulator<'a>,
    (vantage, client): (&Vantage, Option<&WorkloadRef>),
    (request, answer): (&Request, &Answer),
    wanted: Wanted,
) -> Option<Vec<Passage>> {
    let world = simulator.world();
    if !answer.legs.is_empty() {
        return None;
    }
    let mut all = Vec::new();
    if let Vantage::Gateway { names, .. } = vantage {
        let workload = names.iter().find_map(|name| simulator.gateway_workload(name))?;
        let namespace = workload.namespace.unwrap_or_default();
        let policies = world.policies.authorization_policies_of(&namespace, &label_set(&workload.labels));
        let is_denied = answer.outcome == Outcome::Denied;
        if is_denied == (wanted == Wanted::Passed) {
            all.extend(at_proxy(simulator, &policies, &[], wanted));
        }
        if is_denied {
            return Some(all);
        }
    }
    if is_rewritten(request, answer) {
        return None;
    }
    let is_other = |outcome: Outcome| (outcome == Outcome::Denied) == (wanted == Wanted::Passed);
    for arrived in answer.arrivals.iter().filter(|it| is_other(it.outcome)) {
        let workload = world.workloads.iter().find(|it| it.name.to_string() == arrived.workload)?;
        let policies = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
        let identities = match (client, arrived.tls) {
            (Some(client), "mtls") => vec![Some(simulator.identity_of(client))],
            (Some(_), _) => vec![None],
            (None, _) => Vec::new(),
        };
        all.extend(at_proxy(simulator, &policies, &identities, wanted));
    }
    Some(all)
}

/// The passages of one proxy.
fn at_proxy<'a>(
    simulator: &Simulator<'a>,
    policies: &[&AuthorizationPolicy<'a>],
    identities: &[Option<Identity>],
    wanted: Wanted,
) -> Vec<Passage> {
    let world = simulator.world();
    let may_match = |action| matching(world, policies, action, identities).into_iter().flat_map(widest);
    let must_match =
        |action| taking(world, policies, action, identities).into_iter().flat_map(exact).collect::<Vec<_>>();
    let is_listed = policies.iter().any(|it| it.action() == PolicyAction::Allow && !it.is_dry_run());
    let passage = |meets| Passage { meets, except: Vec::new() };
    match wanted {
        Wanted::Passed => {
            let except = must_match(PolicyAction::Deny);
            let through = |meets| Passage { meets, except: except.clone() };
            match is_listed {
                true => may_match(PolicyAction::Allow).map(through).collect(),
                false => vec![through(Vec::new())],
            }
        }
        Wanted::Denied => {
            let unlisted = is_listed.then(|| Passage { meets: Vec::new(), except: must_match(PolicyAction::Allow) });
            may_match(PolicyAction::Deny).map(passage).chain(unlisted).collect()
        }
    }
}

/// For each operation of a rule, conditions that all requests meet which the rule matches.
fn widest(rule: &AuthorizationRule) -> Vec<Conditions> {
    let parts = RuleParts::new(rule);
    let of = |operation: &[Requirement<'_>]| operation.iter().chain(&parts.when).filter_map(any_of).collect();
    operations(&parts).map(of).collect()
}

/// Conditions of which each request meets some that the rule matches, and no other one, as far as routes have them.
fn exact(rule: &AuthorizationRule) -> Vec<Conditions> {
    let parts = RuleParts::new(rule);
    let of = |operation: &[Requirement<'_>]| operation.iter().chain(&parts.when).map(any_of).collect();
    operations(&parts).filter_map(of).collect()
}

/// The operations; an empty one for a rule without any.
fn operations<'p>(parts: &'p RuleParts<'_>) -> impl Iterator<Item = &'p [Requirement<'p>]> {
    let any: Option<&'p [Requirement<'p>]> = parts.to.is_empty().then_some(&[]);
    parts.to.iter().map(Vec::as_slice).chain(any)
}

/// A condition that holds if an attribute has one of some values. `None` if routes have no such condition.
fn any_of(requirement: &Requirement<'_>) -> Option<MatchCondition> {
    if requirement.negated {
        return None;
    }
    let read = |value: &Spanned<String>| condition(&requirement.attribute, value.as_str(), value.span);
    let all: Vec<MatchCondition> = requirement.values.iter().map(read).collect::<Option<_>>()?;
    let expression = |it: &MatchCondition| match &it.matcher {
        Matcher::Exact(text) => Some(escaped(text)),
        Matcher::Prefix(text) => Some(format!("{}.*", escaped(text))),
        Matcher::Regex(regex) => Some(regex.as_str().to_owned()),
        Matcher::Present => Some(".*".to_owned()),
        Matcher::PathPrefix(_) | Matcher::Invalid { .. } => None,
    };
    match all.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [first, ..] => {
            let expressions: Vec<String> = all.iter().map(expression).collect::<Option<_>>()?;
            let regex = EnvoyRegex::new(&expressions.join("|")).ok()?;
            Some(MatchCondition { matcher: Matcher::Regex(regex), ..first.clone() })
        }
    }
}

/// Whether the servers see another request than the one that the client sends.
fn is_rewritten(request: &Request, answer: &Answer) -> bool {
    let Some(sent) = &answer.request else { return false };
    let host = request.host.as_deref().unwrap_or_default();
    let rest = sent.authority.strip_prefix(host);
    let is_same_host = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    sent.path != request.path.as_deref().unwrap_or("/")
        || !is_same_host
        || !sent.headers.is_empty()
        || !sent.removed_headers.is_empty()
        || answer.destinations.iter().any(|it| it.request.is_some())
}
