//! The trace of a request: the routes and policy rules that were considered, and why each did not apply.

use super::answer::{Step, Verdict};
use super::{decide, verdict};
use crate::policy::{self, Evaluation};
use crate::routing::{
    ClauseAction, Connection, ConsideredRoute, HttpRequest, Payload, Proxy, ProxyListener, TcpProxy, VirtualHost,
};
use crate::world::World;

/// The `http` routes up to the one that takes the request, including those that this proxy does not have.
pub(super) fn http(proxy: &Proxy<'_>, host: &VirtualHost<'_>, request: &HttpRequest<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for clause in &host.clauses {
        let route = match &clause.action {
            ClauseAction::Route(route) => Some(decide::http_route(proxy, route, clause.route_match)),
            ClauseAction::Service(_) => None,
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

/// The `tcp` and `tls` routes of a listener, up to the one that takes the connection.
pub(super) fn connection(
    proxy: &Proxy<'_>,
    listener: &ProxyListener<'_>,
    connection: &Connection<'_>,
    taken: Option<&TcpProxy<'_>>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let deciding = taken.and_then(|tcp| tcp.route).map(|route| (route.span, route.route_match));
    for considered in &listener.considered {
        let route = &considered.route;
        let is_deciding = considered.exclusion.is_none() && deciding == Some((route.span, route.route_match));
        steps.push(step(proxy, considered, connection, is_deciding));
        if is_deciding {
            return steps;
        }
    }
    if taken.is_some_and(|tcp| tcp.route.is_none()) {
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

fn step(proxy: &Proxy<'_>, considered: &ConsideredRoute<'_>, connection: &Connection<'_>, is_deciding: bool) -> Step {
    let route = Some(decide::l4_route(proxy, &considered.route));
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

/// The policy rules that were considered.
pub(super) fn policies(world: &World<'_>, findings: &Evaluation) -> Vec<Step> {
    let step = |considered: &policy::ConsideredRule| {
        let (index, span) = considered.rule.unzip();
        let place = verdict::of_policy(world, &considered.policy, verdict::action_word(considered.action), index, span);
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
            policy::RuleOutcome::Matched => step.verdict = Verdict::Matched,
            policy::RuleOutcome::NotMatched(failure) => {
                step.condition = Some(failure.condition.clone());
                step.seen.clone_from(&failure.seen);
                step.wanted = Some(failure.wanted.clone());
            }
            policy::RuleOutcome::WithoutRules => {
                reason(Verdict::NotMatched, "the policy has no rules, so it matches no request")
            }
            policy::RuleOutcome::Void(why) => reason(Verdict::Excluded, &format!("istiod drops the rule: {why}")),
            policy::RuleOutcome::Unknown => {
                reason(Verdict::NotMatched, "the rule has placeholders, so it is treated as if it matched no request")
            }
            policy::RuleOutcome::DryRun(true) => reason(Verdict::Excluded, "dry run: the rule would match"),
            policy::RuleOutcome::DryRun(false) => reason(Verdict::Excluded, "dry run: the rule would not match"),
        }
        step
    };
    findings.considered.iter().map(step).collect()
}
