//! What is decided for all requests that take the same way: where they go, with which limits and faults.

use std::sync::{Arc, OnceLock};

use super::answer::{Abort, Arrived, Decision, Delay, Destination, Fault, Mirror, Outcome, Retries, Route};
use crate::model::networking::Percent;
use crate::routing::egress_proxy;
use crate::routing::{
    Action, Clause, Cluster, Fallback, HttpRule, L4Rule, Otherwise, Payload, Problem, Proxy, TcpRoute, VirtualHost,
    Weighted,
};
use crate::source::Span;
use crate::world::{Section, VirtualService};

/// What istiod lets proxies do if a rule says nothing of retries (istiod: `retry.DefaultPolicy`).
const DEFAULT_ATTEMPTS: i32 = 2;
const DEFAULT_RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

/// What is decided for the requests that a clause takes.
#[derive(Debug)]
pub(super) struct ClauseDecision<'a> {
    pub decision: Arc<Decision>,
    /// The clusters that they are shared among.
    pub clusters: Vec<Weighted<'a>>,
    /// What becomes of them at the servers, if it is the same for all.
    pub arrivals: OnceLock<Arc<[Arrived]>>,
}

/// Requests that a clause takes.
pub(super) fn by_clause<'a>(
    proxy: &Proxy<'a>,
    host: &VirtualHost<'_>,
    clause: &Clause<'a>,
) -> Result<ClauseDecision<'a>, String> {
    let clusters = match &clause.action {
        Action::Rule(rule) if rule.redirect.is_some() || rule.direct_response.is_some() => Vec::new(),
        _ => clause.clusters(proxy),
    };
    let mut decision = match &clause.action {
        Action::Service(_) => forwarded(&clusters),
        Action::Rule(rule) if rule.redirect.is_some() => redirected(rule)?,
        Action::Rule(rule) => match rule.direct_response {
            Some(response) => {
                let status = response.status.map(|status| status.value);
                Decision { status, ..Decision::new(Outcome::DirectResponse) }
            }
            None => by_destinations(proxy, clause.port, &clusters, rule)?,
        },
    };
    if let Action::Rule(rule) = &clause.action {
        decision.route = Some(http_route(proxy, rule, clause.entry));
        let missing = rule.owner.service.origin.missing_cluster_status();
        for destination in decision.destinations.iter_mut().filter(|it| it.problem == Some("no-cluster")) {
            destination.status = Some(missing).filter(|status| *status != 503);
        }
        decision.fault = fault(rule);
        decision.timeout =
            rule.timeout.map(|timeout| timeout.value).filter(|it| it.nanoseconds() > 0).map(|it| it.to_string());
    }
    decision.notes.extend(host.rivals.iter().map(|rival| {
        format!("{rival} defines the host as well: the older one counts, and of equal age the one that sorts first")
    }));
    Ok(ClauseDecision { decision: Arc::new(decision), clusters, arrivals: OnceLock::new() })
}

fn redirected(rule: &HttpRule<'_>) -> Result<Decision, String> {
    let code = rule.redirect.and_then(|redirect| redirect.redirect_code).map_or(301, |code| code.value);
    match code {
        0 => Ok(Decision { status: Some(301), ..Decision::new(Outcome::Redirect) }),
        301 | 302 | 303 | 307 | 308 => Ok(Decision { status: Some(code), ..Decision::new(Outcome::Redirect) }),
        other => Err(format!(
            "{} redirects with {other}, which istiod does not know: the rule is left without an action",
            rule.owner.service.name
        )),
    }
}

fn by_destinations(
    proxy: &Proxy<'_>,
    port: u32,
    clusters: &[Weighted<'_>],
    rule: &HttpRule<'_>,
) -> Result<Decision, String> {
    if clusters.is_empty() {
        return Err(format!("the rule that takes the request does nothing with it ({})", rule.owner.service.name));
    }
    Ok(Decision { mirrors: mirrors(proxy, port, rule), retries: retries(rule), ..forwarded(clusters) })
}

fn forwarded(clusters: &[Weighted<'_>]) -> Decision {
    Decision { retries: Some(default_retries()), ..sent(clusters) }
}

/// Bytes that a route for connections takes.
pub(super) fn by_tcp_route(proxy: &Proxy<'_>, tcp: &TcpRoute<'_>) -> Decision {
    let clusters = &tcp.destinations;
    Decision { route: tcp.rule.map(|rule| l4_route(proxy, &rule)), ..sent(clusters) }
}

/// A rule for connections, as answers name it.
pub(super) fn l4_route(proxy: &Proxy<'_>, rule: &L4Rule<'_>) -> Route {
    let section = match rule.section {
        Section::Http => "http",
        Section::Tls => "tls",
        Section::Tcp => "tcp",
    };
    route(proxy, rule.service, section, rule.index, rule.span, rule.entry)
}

/// A rule for HTTP, as answers name it.
pub(super) fn http_route(proxy: &Proxy<'_>, rule: &HttpRule<'_>, entry: Option<(usize, Span)>) -> Route {
    let owner = rule.owner;
    let delegator = rule.delegator.map(|it| format!("{} http[{}]", it.service.name, it.index));
    Route {
        name: rule.name.clone(),
        delegated_by: delegator,
        ..route(proxy, owner.service, "http", owner.index, owner.span, entry)
    }
}

fn route(
    proxy: &Proxy<'_>,
    service: &VirtualService<'_>,
    section: &'static str,
    index: usize,
    span: Span,
    entry: Option<(usize, Span)>,
) -> Route {
    let world = proxy.world;
    let sources = &world.snapshot.sources;
    let place = entry.map_or(span, |(_, span)| span);
    let written = Route {
        virtual_service: Some(service.name.to_string()),
        kind: None,
        resource: None,
        delegated_by: None,
        section,
        index,
        r#match: entry.map(|(index, _)| index),
        name: String::new(),
        file: sources.file(span.file).path().to_owned(),
        line: sources.start(span).line,
        span: place,
    };
    let Some(source) = service.source(index) else { return written };
    let resource = source.resource;
    Route {
        virtual_service: None,
        kind: Some(resource.kind.name()),
        resource: Some(format!("{}/{}", world.settings.namespace_of(resource), resource.name())),
        section: "rules",
        index: source.rule,
        r#match: source.entry,
        ..written
    }
}

/// Requests for hosts that no virtual host has.
pub(super) fn by_fallback(proxy: &Proxy<'_>, fallback: Fallback) -> Decision {
    match fallback {
        Fallback::NotFound => not_found(),
        Fallback::Passthrough => as_dialled(proxy),
        Fallback::DynamicDns => passthrough("AllowAnyDynamicDNSCluster"),
        Fallback::BlackHole => Decision { status: Some(502), ..Decision::new(Outcome::Blackhole) },
    }
}

/// Connections that no filter chain takes.
pub(super) fn by_otherwise(proxy: &Proxy<'_>, otherwise: Otherwise, payload: Payload<'_>) -> Decision {
    match otherwise {
        Otherwise::DynamicDns if payload == Payload::Http => passthrough("AllowAnyDynamicDNSCluster"),
        Otherwise::Passthrough | Otherwise::DynamicDns => as_dialled(proxy),
        Otherwise::BlackHole => Decision { flag: Some("UH"), ..Decision::new(Outcome::Blackhole) },
        Otherwise::Reset => Decision { flag: Some("NR"), ..Decision::new(Outcome::Refused) },
    }
}

/// Requests that no route takes.
pub(super) fn not_found() -> Decision {
    Decision { status: Some(404), flag: Some("NR"), ..Decision::new(Outcome::NoRoute) }
}

/// Unknown destinations are reached as dialled, unless the Sidecar resource has a proxy for them.
fn as_dialled(proxy: &Proxy<'_>) -> Decision {
    match egress_proxy(proxy) {
        Some(cluster) => sent(&[Weighted { cluster, weight: 1, headers: None }]),
        None => passthrough("PassthroughCluster"),
    }
}

fn passthrough(cluster: &str) -> Decision {
    let destination = Destination {
        cluster: cluster.to_owned(),
        host: String::new(),
        subset: None,
        port: None,
        weight: 100.into(),
        workloads: Vec::new(),
        problem: None,
        status: None,
        load_balancer: None,
        tls: None,
    };
    Decision { destinations: vec![destination], ..Decision::new(Outcome::Passthrough) }
}

fn sent(clusters: &[Weighted<'_>]) -> Decision {
    let shares = shares(&clusters.iter().map(|it| it.weight).collect::<Vec<_>>());
    let problems: Vec<Option<Problem>> = clusters.iter().map(|it| it.cluster.problem).collect();
    // The flag is sure only if it is that of every destination.
    let common = problems.first().copied().flatten().filter(|first| problems.iter().all(|it| *it == Some(*first)));
    let mut notes = Vec::new();
    if clusters.iter().any(|it| it.cluster.is_assumed) {
        notes.push("no Service is among the manifests: hosts of Kubernetes are taken to exist".to_owned());
    }
    Decision {
        flag: common.map(|problem| match problem {
            Problem::NoCluster => "NC",
            Problem::NoEndpoints => "UH",
        }),
        destinations: clusters.iter().zip(shares).map(|(it, share)| destination(&it.cluster, share)).collect(),
        notes,
        ..Decision::new(Outcome::Forward)
    }
}

fn destination(cluster: &Cluster<'_>, weight: serde_json::Number) -> Destination {
    let is_there = cluster.problem != Some(Problem::NoCluster);
    Destination {
        cluster: cluster.name(),
        load_balancer: Some(cluster.upstream.load_balancing()).filter(|_| is_there && !cluster.is_dialled),
        tls: cluster.upstream.tls_mode().filter(|_| is_there).map(|mode| mode.as_str()),
        host: cluster.host.clone(),
        subset: Some(&cluster.subset).filter(|subset| !subset.is_empty()).cloned(),
        port: Some(cluster.port),
        weight,
        workloads: cluster.workloads.iter().map(|workload| workload.name.to_string()).collect(),
        problem: cluster.problem.map(problem_name),
        status: None,
    }
}

fn mirrors(proxy: &Proxy<'_>, port: u32, rule: &HttpRule<'_>) -> Vec<Mirror> {
    let single = rule.mirror.map(|destination| {
        let older = rule.mirror_percent.map(|percent| f64::from(percent.value));
        (destination, rule.mirror_percentage.map(percent).or(older).unwrap_or(100.0))
    });
    let several = rule
        .mirrors
        .iter()
        .filter_map(|mirror| Some((mirror.destination.as_ref()?, mirror.percentage.as_ref().map_or(100.0, percent))));
    let copied = single.into_iter().chain(several).filter(|(_, percentage)| *percentage > 0.0);
    copied
        .map(|(destination, percentage)| {
            let cluster = rule.mirror_cluster(proxy, port, destination);
            Mirror { cluster: cluster.name(), percentage, problem: cluster.problem.map(problem_name) }
        })
        .collect()
}

fn problem_name(problem: Problem) -> &'static str {
    match problem {
        Problem::NoCluster => "no-cluster",
        Problem::NoEndpoints => "no-endpoints",
    }
}

fn percent(percent: &Percent) -> f64 {
    percent.value.map_or(0.0, |value| value.value)
}

/// Without a percentage a fault is injected into no request; the older integer form of delays still counts.
fn fault(rule: &HttpRule<'_>) -> Option<Fault> {
    let fault = rule.fault?;
    Some(Fault {
        delay: fault.delay.as_ref().map(|delay| Delay {
            percentage: delay
                .percentage
                .as_ref()
                .map(percent)
                .or_else(|| delay.percent.map(|percent| f64::from(percent.value)))
                .unwrap_or(0.0),
            fixed_delay: delay.fixed_delay.map(|delay| delay.value.to_string()).unwrap_or_default(),
        }),
        abort: fault.abort.as_ref().map(|abort| Abort {
            percentage: abort.percentage.as_ref().map_or(0.0, percent),
            http_status: abort.http_status.map(|status| status.value),
            grpc_status: abort.grpc_status.as_ref().map(|status| status.value.clone()),
        }),
    })
}

fn default_retries() -> Retries {
    Retries {
        attempts: DEFAULT_ATTEMPTS,
        per_try_timeout: None,
        retry_on: Some(DEFAULT_RETRY_ON.to_owned()),
        is_default: true,
    }
}

/// What a rule says replaces the default; no attempts at all disable retries.
fn retries(rule: &HttpRule<'_>) -> Option<Retries> {
    let Some(written) = rule.retries else { return Some(default_retries()) };
    let attempts = written.attempts.map_or(0, |attempts| attempts.value);
    let retry_on = written.retry_on.as_ref().map(|on| on.value.clone()).filter(|on| !on.is_empty());
    (attempts > 0).then(|| Retries {
        attempts,
        per_try_timeout: written.per_try_timeout.map(|timeout| timeout.value.to_string()),
        retry_on: Some(retry_on.unwrap_or_else(|| DEFAULT_RETRY_ON.to_owned())),
        is_default: false,
    })
}

/// Weights as percentages with at most two decimals that add up to exactly 100.
fn shares(weights: &[u64]) -> Vec<serde_json::Number> {
    const WHOLE: u64 = 10_000;
    let sum: u64 = weights.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| weight * WHOLE / sum.max(1)).collect();
    let missing = WHOLE.saturating_sub(parts.iter().sum());
    // What rounding down has lost goes to those that lost most.
    let mut by_loss: Vec<usize> = (0..weights.len()).collect();
    by_loss.sort_by_key(|&index| std::cmp::Reverse(weights[index] * WHOLE % sum.max(1)));
    by_loss.into_iter().cycle().take(missing as usize).for_each(|index| parts[index] += 1);
    parts
        .into_iter()
        .map(|part| {
            let exact = serde_json::Number::from_f64(part as f64 / 100.0).filter(|_| part % 100 != 0);
            exact.unwrap_or_else(|| (part / 100).into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_add_up_to_a_hundred() {
        let text = |weights: &[u64]| shares(weights).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(text(&[80, 20]), "80 20");
        assert_eq!(text(&[1, 1, 1]), "33.34 33.33 33.33");
        assert_eq!(text(&[1]), "100");
        assert_eq!(text(&[75, 75]), "50 50");
    }
}
