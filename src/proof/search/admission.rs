//! The requests that the policies of a proxy can let through, although they denied one.

use super::Conditions;
use super::filters::condition;
use crate::model::label_set;
use crate::policy::{Denial, Identity, Requirement, RuleParts, allowing, denial};
use crate::proof::hosts::escaped;
use crate::proof::vantage::Vantage;
use crate::routing::{EnvoyRegex, MatchCondition, Matcher};
use crate::simulate::{Answer, Outcome, Request, Simulator, WorkloadRef};
use crate::world::AuthorizationPolicy;

/// Conditions of which each request meets some that passes where an answer says that a request was denied. `None` if that
/// cannot be said.
pub fn passing<'a>(
    simulator: &Simulator<'a>,
    (vantage, client): (&Vantage, Option<&WorkloadRef>),
    request: &Request,
    answer: &Answer,
) -> Option<Vec<Conditions>> {
    let world = simulator.world();
    if !answer.legs.is_empty() {
        return None;
    }
    if answer.outcome == Outcome::Denied {
        let Vantage::Gateway { names, .. } = vantage else { return None };
        let workload = names.iter().find_map(|name| simulator.gateway_workload(name))?;
        let namespace = workload.namespace.unwrap_or_default();
        let policies = world.policies.authorization_policies_of(&namespace, &label_set(&workload.labels));
        return let_through(simulator, &policies, &[]);
    }
    if is_rewritten(request, answer) {
        return None;
    }
    let mut all = Vec::new();
    for arrived in answer.arrivals.iter().filter(|it| it.outcome == Outcome::Denied) {
        let workload = world.workloads.iter().find(|it| it.name.to_string() == arrived.workload)?;
        let policies = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
        let identities = match (client, arrived.tls) {
            (Some(client), "mtls") => vec![Some(simulator.identity_of(client))],
            (Some(_), _) => vec![None],
            (None, _) => Vec::new(),
        };
        all.extend(let_through(simulator, &policies, &identities)?);
    }
    Some(all)
}

fn let_through<'a>(
    simulator: &Simulator<'a>,
    policies: &[&AuthorizationPolicy<'a>],
    identities: &[Option<Identity>],
) -> Option<Vec<Conditions>> {
    let world = simulator.world();
    if !identities.is_empty() && matches!(denial(world, policies, identities), Some(Denial::ByRule(..))) {
        return Some(Vec::new());
    }
    let rules = allowing(world, policies, identities)?;
    Some(rules.into_iter().flat_map(|rule| boxes(&RuleParts::new(rule))).collect())
}

/// For each operation of a rule, conditions that all requests meet which the rule matches.
fn boxes(parts: &RuleParts<'_>) -> Vec<Conditions> {
    let whole = [Vec::new()];
    let operations = if parts.to.is_empty() { &whole[..] } else { &parts.to[..] };
    let of = |operation: &Vec<Requirement<'_>>| operation.iter().chain(&parts.when).filter_map(any_of).collect();
    operations.iter().map(of).collect()
}

/// A condition that holds if an attribute has one of some values. `None` if routes have no such condition.
fn any_of(requirement: &Requirement<'_>) -> Option<MatchCondition> {
    if requirement.negated {
        return None;
    }
    let read = |value: &crate::source::Spanned<String>| condition(&requirement.attribute, value.as_str(), value.span);
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
