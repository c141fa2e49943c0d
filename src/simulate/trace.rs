//! The rules that were considered for a request, and why each did not take it.

use super::answer::{Step, Verdict};
use super::{decide, policies};
use crate::policy::{self, Findings};
use crate::routing::{Action, Connection, Considered, Listener, Payload, Proxy, Request, TcpRoute, VirtualHost};
use crate::world::World;

/// The rules for HTTP up to the one that takes the request, those that this proxy does not have included.
pub(super) fn http(proxy: &Proxy<'_>, host: &VirtualHost<'_>, request: &Request<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for clause in &host.clauses {
        let route = match &clause.action {
            Action::Rule(rule) => Some(decide::http_route(proxy, rule, clause.entry)),
            Action::Service(_) => None,
        };
        let step = |verdict, condition, seen, wanted| Step { route, policy: None, verdict, condition, seen, wanted };
        if let Some(exclusion) = &clause.exclusion {
            let (seen, wanted) = (exclusion.seen.clone(), exclusion.wanted.clone());
            steps.push(step(Verdict::Excluded, Some(exclusion.name.to_owned()), Some(seen), Some(wanted)));
        } else if let Some(failing) = clause.first_failing(request) {
            let (name, seen) = (failing.name(), failing.seen(request));
            steps.push(step(Verdict::NotMatched, Some(name), seen, Some(failing.wanted())));
        } else {
            steps.push(step(Verdict::Matched, None, None, None));
            break;
        }
    }
    steps
}

/// The rules for connections that a listener was made of, up to the one that takes the connection.
pub(super) fn connection(
    proxy: &Proxy<'_>,
    listener: &Listener<'_>,
    connection: &Connection<'_>,
    taken: Option<&TcpRoute<'_>>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let deciding = taken.and_then(|route| route.rule).map(|rule| (rule.span, rule.entry));
    for considered in &listener.considered {
        let rule = &considered.rule;
        let is_deciding = considered.exclusion.is_none() && deciding == Some((rule.span, rule.entry));
        steps.push(step(proxy, considered, connection, is_deciding));
        if is_deciding {
            return steps;
        }
    }
    if taken.is_some_and(|route| route.rule.is_none()) {
        steps.push(Step {
            route: None,
            policy: None,
            verdict: Verdict::Matched,
            condition: None,
            seen: None,
            wanted: None,
        });
    }
    steps
}

fn step(proxy: &Proxy<'_>, considered: &Considered<'_>, connection: &Connection<'_>, is_deciding: bool) -> Step {
    let route = Some(decide::l4_route(proxy, &considered.rule));
    let step = |verdict, condition: &str, seen, wanted| {
        let condition = Some(condition.to_owned()).filter(|condition| !condition.is_empty());
        Step { route, policy: None, verdict, condition, seen, wanted }
    };
    if is_deciding {
        return step(Verdict::Matched, "", None, None);
    }
    if let Some(exclusion) = &considered.exclusion {
        let (seen, wanted) = (exclusion.seen.clone(), exclusion.wanted.clone());
        return step(Verdict::Excluded, exclusion.name, Some(seen), Some(wanted));
    }
    let networks = &considered.networks;
    if !networks.is_empty() && !networks.iter().any(|network| network.contains(&connection.address)) {
        let wanted: Vec<String> = networks.iter().map(ToString::to_string).collect();
        let seen = Some(connection.address.to_string());
        return step(Verdict::NotMatched, "destination address", seen, Some(wanted.join(" or ")));
    }
    if considered.server_names.is_empty() {
        return step(Verdict::NotMatched, "", None, None);
    }
    let seen = match connection.payload {
        Payload::Tls(name) => Some(name.to_owned()).filter(|name| !name.is_empty()),
        Payload::Http | Payload::Bytes => None,
    };
    step(Verdict::NotMatched, "server name", seen, Some(considered.server_names.join(" or ")))
}

/// The rules that were considered, as answers show them.
pub(super) fn policies(world: &World<'_>, findings: &Findings) -> Vec<Step> {
    let step = |considered: &policy::Considered| {
        let (index, span) = considered.rule.unzip();
        let place = policies::named(world, &considered.policy, policies::action_word(considered.action), index, span);
        let mut step = Step {
            route: None,
            policy: Some(place),
            verdict: Verdict::NotMatched,
            condition: None,
            seen: None,
            wanted: None,
        };
        let mut reason = |verdict, reason: &str| {
            step.verdict = verdict;
            step.condition = Some(reason.to_owned());
        };
        match &considered.outcome {
            policy::Outcome::Matched => step.verdict = Verdict::Matched,
            policy::Outcome::NotMatched(failure) => {
                step.condition = Some(failure.condition.clone());
                step.seen.clone_from(&failure.seen);
                step.wanted = Some(failure.wanted.clone());
            }
            policy::Outcome::WithoutRules => reason(Verdict::NotMatched, "it has no rules, so it matches nothing"),
            policy::Outcome::Void(why) => reason(Verdict::Excluded, &format!("the rule is left out: {why}")),
            policy::Outcome::DryRun(true) => reason(Verdict::Excluded, "a dry run: it would match"),
            policy::Outcome::DryRun(false) => reason(Verdict::Excluded, "a dry run: it would not match"),
        }
        step
    };
    findings.considered.iter().map(step).collect()
}
