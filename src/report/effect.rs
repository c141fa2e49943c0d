//! The fate of requests in words, for the terminal and for Markdown.

use std::collections::BTreeSet;

use super::text::{Brevity, Target, cluster, short, targets};
use crate::simulate::{Answer, Aspect};

/// The fate of the requests of an answer: the destinations with their shares, and those of some aspects that the
/// destinations do not show.
pub(super) fn words(answer: &Answer, aspects: &BTreeSet<Aspect>) -> String {
    let brevity = Brevity { without_flags: true, names_policy: true, ..Brevity::default() };
    let targets = targets(&answer.clone().for_incomplete_manifests(), &brevity);
    let is_single = targets.len() == 1;
    let target = |target: Target| {
        let goes_to = target.goes_to.replace('\n', ": ");
        let share = match target.share.as_str() {
            "" => String::new(),
            "100%" if is_single => String::new(),
            share => format!("{share} "),
        };
        format!("{share}{goes_to}")
    };
    let targets = targets.into_iter().map(target);
    // Retries are there wherever requests are forwarded.
    let is_own = |aspect: &&Aspect| **aspect != Aspect::Retries || !aspects.contains(&Aspect::Outcome);
    let details = aspects.iter().filter(is_own).filter_map(|aspect| detail(answer, *aspect));
    targets.chain(details).collect::<Vec<_>>().join(", ")
}

/// The words for an aspect; `None` if the destinations show it, or no answer does.
fn detail(answer: &Answer, aspect: Aspect) -> Option<String> {
    match aspect {
        Aspect::Timeout => Some(match &answer.timeout {
            Some(timeout) => format!("timeout {timeout}"),
            None => "no timeout".to_owned(),
        }),
        Aspect::Retries => Some(match answer.retries.as_ref().filter(|it| it.attempts != 0) {
            Some(retries) => {
                let each = retries.per_try_timeout.as_ref().map(|it| format!(" of {it} each")).unwrap_or_default();
                let on = retries.retry_on.as_ref().filter(|_| !retries.is_default);
                let on = on.map(|it| format!(" on {it}")).unwrap_or_default();
                let noun = if retries.attempts == 1 { "retry" } else { "retries" };
                format!("{} {noun}{each}{on}", retries.attempts)
            }
            None => "no retries".to_owned(),
        }),
        Aspect::Mirrors if answer.mirrors.is_empty() => Some("no mirror".to_owned()),
        Aspect::Mirrors => {
            let mirrors =
                answer.mirrors.iter().map(|it| format!("{}% mirrored to {}", it.percentage, cluster(&it.cluster)));
            Some(mirrors.collect::<Vec<_>>().join(", "))
        }
        Aspect::Rewrite => answer.request.as_ref().map(|it| format!("sent as {}{}", it.authority, it.path)),
        Aspect::Connection => answer.destinations.first().map(|it| {
            let tls = it.tls.map(|mode| format!(", TLS {mode}")).unwrap_or_default();
            format!("{}{tls}", it.load_balancer.as_deref().unwrap_or("no load balancing"))
        }),
        Aspect::Headers => answer.request.as_ref().filter(|it| !it.headers.is_empty()).map(|it| {
            let headers: Vec<String> = it.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!("header {}", headers.join(", "))
        }),
        Aspect::Fault if answer.fault.is_none() => Some("no injected fault".to_owned()),
        Aspect::Outcome
        | Aspect::Destinations
        | Aspect::Endpoints
        | Aspect::Redirect
        | Aspect::Fault
        | Aspect::Cors
        | Aspect::Body => None,
    }
}

/// The aspects of which answers show nothing.
pub(super) fn unseen(before: &Answer, after: &Answer, aspects: &BTreeSet<Aspect>) -> Vec<&'static str> {
    let seen = |aspect: Aspect| detail(before, aspect) != detail(after, aspect);
    let is_unseen = |aspect: &&Aspect| match aspect {
        Aspect::Outcome | Aspect::Destinations | Aspect::Redirect | Aspect::Fault => false,
        other => !seen(**other),
    };
    aspects.iter().filter(is_unseen).map(|aspect| aspect.as_str()).collect()
}

/// The route or policy that decides, and its file and line after a prefix; words without one.
pub(super) fn decided_by(answer: &Answer, prefix: &str) -> (String, Option<String>) {
    let place = |file: &str, line: usize| Some(format!("{prefix}{file}:{line}"));
    if let Some(policy) = &answer.policy {
        let rule = policy.rule.map(|rule| format!(" rules[{rule}]")).unwrap_or_default();
        return (format!("{} {}{rule}", policy.kind, policy.name), place(&policy.file, policy.line));
    }
    match &answer.route {
        Some(route) => {
            let line = route.match_line.unwrap_or(route.line);
            (format!("{} {}", route.owner(), route.path()), place(&route.file, line))
        }
        // The sidecar of a server has no routes.
        None if answer.destinations.iter().any(|it| it.cluster.to_lowercase().starts_with("inbound")) => {
            ("no policy decides".to_owned(), None)
        }
        None if answer.outcome.goes_on() => ("no route: the default".to_owned(), None),
        None => ("no route".to_owned(), None),
    }
}

/// Hosts without the domain of the cluster: a few of them, and the number of the others.
pub(super) fn hosts(hosts: &[String]) -> String {
    const MOST: usize = 3;
    let short: Vec<&str> = hosts.iter().map(|host| short(host)).collect();
    match short.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{} and {more} more hosts", short[..MOST].join(", ")),
        _ => short.join(", "),
    }
}

/// The first of the meshes that have a change, and a few of the others.
pub(super) fn meshes(meshes: &[String]) -> String {
    const MOST: usize = 3;
    match meshes {
        [first, others @ ..] if others.len() > MOST => {
            let more = others.len() - MOST;
            format!("{first}; the same in {} and {more} more", others[..MOST].join(", "))
        }
        [first, others @ ..] if !others.is_empty() => format!("{first}; the same in {}", others.join(", ")),
        meshes => meshes.concat(),
    }
}
