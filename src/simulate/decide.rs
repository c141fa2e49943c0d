//! Decisions for all requests that take the same clause: destinations, limits and faults.

use std::sync::{Arc, OnceLock};

use super::answer::{Arrived, Decision, Outcome, RouteRef};
use super::cache::Cache;
use super::effects::{InjectedAbort, InjectedDelay, InjectedFault, Mirror, ReachedCluster, Retries};
use crate::model::Duration;
use crate::model::networking::Percent;
use crate::routing::{
    Assumption, Clause, ClauseAction, Cluster, ClusterProblem, CompiledRoute, DefaultChain, Fallback, L4Route, Naming,
    Payload, Proxy, TcpProxy, VirtualHost, Weighted, rivals,
};
use crate::routing::{egress_proxy, of_made_service};
use crate::source::{Span, Spanned};
use crate::world::{Gap, RetryPolicy, VirtualService, World};

/// The decision for all requests that a clause takes.
#[derive(Debug)]
pub(super) struct ClauseDecision<'a> {
    pub decision: Arc<Decision>,
    /// The clusters that share the requests.
    pub clusters: Vec<Weighted<'a>>,
    /// Whether the header operations of the destinations can differ.
    pub has_own_headers: bool,
    /// Whether some of the clusters lead to another gateway.
    pub leads_to_gateway: bool,
    /// Whether the route changes requests, by a rewrite or by header operations.
    pub changes_requests: bool,
    /// Whether policies apply to some of the workloads.
    has_policies: OnceLock<bool>,
    /// The second leg, if it is the same for all requests.
    pub arrivals: OnceLock<Arc<[Arrived]>>,
}

impl<'a> ClauseDecision<'a> {
    /// Whether policies apply to some of the workloads.
    pub fn has_policies(&self, cache: Option<&Cache<'a>>) -> bool {
        let mut workloads = self.clusters.iter().flat_map(|it| &it.cluster.workloads);
        let Some(cache) = cache else { return false };
        *self.has_policies.get_or_init(|| workloads.any(|workload| !cache.server(workload).policies.is_empty()))
    }
}

/// Decides for the requests that a clause takes. The error says why istiod leaves the route without an action.
pub(super) fn by_clause<'a>(
    proxy: &Proxy<'a>,
    host: &VirtualHost<'_>,
    clause: &Clause<'a>,
) -> Result<ClauseDecision<'a>, String> {
    let clusters = match &clause.action {
        ClauseAction::Route(route) if route.redirect.is_some() || route.direct_response.is_some() => Vec::new(),
        _ => clause.clusters(proxy),
    };
    let mut decision = match &clause.action {
        ClauseAction::Service(_) => forwarded(proxy, &clusters),
        ClauseAction::Route(route) if route.redirect.is_some() => redirected(route)?,
        ClauseAction::Route(route) => match route.direct_response {
            Some(response) => {
                let status = response.status.map(|status| status.value);
                Decision { status, ..Decision::new(Outcome::DirectResponse) }
            }
            None => by_destinations(proxy, clause.port, &clusters, route)?,
        },
    };
    if let ClauseAction::Route(route) = &clause.action {
        decision.route = Some(http_route(proxy, route, clause.route_match));
        let missing = route.owner.virtual_service.origin.missing_cluster_status();
        for destination in decision.destinations.iter_mut().filter(|it| it.problem == Some("no-cluster")) {
            destination.status = Some(missing).filter(|status| *status != 503);
        }
        let world = proxy.world;
        decision.fault = fault(world, route);
        decision.timeout =
            route.timeout.filter(|it| it.value.nanoseconds() > 0).map(|timeout| as_written(world, timeout));
    }
    let note = |rival: &String| rivals::older_wins(&format!("{rival} also defines the host"), "the first by name");
    decision.notes.extend(host.rivals.iter().map(note));
    note_rivals(proxy, &clusters, &mut decision);
    let workloads = || clusters.iter().flat_map(|it| &it.cluster.workloads);
    let leads_to_gateway = workloads().any(|workload| proxy.world.is_gateway_workload(workload));
    let has_own_headers = clusters.len() > 1 && clusters.iter().any(|it| it.headers.is_some());
    let changes_requests = clusters.iter().any(|it| it.headers.is_some())
        || matches!(&clause.action, ClauseAction::Route(route) if route.rewrite.is_some() || route.headers.is_some());
    Ok(ClauseDecision {
        decision: Arc::new(decision),
        clusters,
        has_own_headers,
        leads_to_gateway,
        changes_requests,
        has_policies: OnceLock::new(),
        arrivals: OnceLock::new(),
    })
}

/// Notes the services between which age decides in a cluster.
fn note_rivals(proxy: &Proxy<'_>, clusters: &[Weighted<'_>], decision: &mut Decision) {
    for cluster in clusters.iter().map(|it| &it.cluster) {
        for note in rivals::notes(proxy, &cluster.host) {
            if !decision.notes.contains(&note) {
                decision.notes.push(note);
            }
        }
    }
}

fn redirected(route: &CompiledRoute<'_>) -> Result<Decision, String> {
    let code = route.redirect.and_then(|redirect| redirect.redirect_code).map_or(301, |code| code.value);
    match code {
        0 => Ok(Decision { status: Some(301), ..Decision::new(Outcome::Redirect) }),
        301 | 302 | 303 | 307 | 308 => Ok(Decision { status: Some(code), ..Decision::new(Outcome::Redirect) }),
        other => Err(format!(
            "VirtualService `{}` redirects with status {other}, which istiod does not support: the route has no action",
            route.owner.virtual_service.name
        )),
    }
}

fn by_destinations(
    proxy: &Proxy<'_>,
    port: u32,
    clusters: &[Weighted<'_>],
    route: &CompiledRoute<'_>,
) -> Result<Decision, String> {
    if clusters.is_empty() {
        return Err(format!(
            "the route that takes the request has no destination (VirtualService `{}`)",
            route.owner.virtual_service.name
        ));
    }
    Ok(Decision { mirrors: mirrors(proxy, port, route), retries: retries(proxy, route), ..sent(proxy.world, clusters) })
}

fn forwarded(proxy: &Proxy<'_>, clusters: &[Weighted<'_>]) -> Decision {
    Decision { retries: default_retries(proxy), ..sent(proxy.world, clusters) }
}

/// Decides for connections that a TCP proxy filter takes.
pub(super) fn by_tcp_route(proxy: &Proxy<'_>, tcp: &TcpProxy<'_>) -> Decision {
    let clusters = &tcp.destinations;
    let mut decision =
        Decision { route: tcp.route.map(|route| l4_route(proxy, &route)), ..sent(proxy.world, clusters) };
    note_rivals(proxy, clusters, &mut decision);
    let is_empty = |it: &Weighted<'_>| {
        it.cluster.naming == Naming::ServerName && it.cluster.problem == Some(ClusterProblem::NoEndpoints)
    };
    if !clusters.is_empty() && clusters.iter().all(is_empty) {
        decision.outcome = Outcome::Refused;
        decision.notes.push(
            "the gateway passes TLS only to workloads that accept mutual TLS of the mesh (`AUTO_PASSTHROUGH`), and the \
             service has no such workload"
                .to_owned(),
        );
    }
    decision
}

/// The notes on connections with TLS that a proxy passes on in TLS of its own.
pub(super) fn tls_in_tls(world: &World<'_>, tcp: &TcpProxy<'_>) -> Vec<String> {
    let passing = tcp.destinations.iter().filter(|_| tcp.terminates.is_none());
    passing.filter_map(|it| wrapping(world, &it.cluster)).collect()
}

/// The note on a cluster that wraps the TLS of the client in TLS of its own.
fn wrapping(world: &World<'_>, cluster: &Cluster<'_>) -> Option<String> {
    let settings = cluster.upstream.tls_around_tls().filter(|_| cluster.problem.is_none())?;
    let start = world.snapshot.sources.start(settings.span);
    Some(format!(
        "the client sends TLS, and the proxy wraps it in TLS once more (`tls.mode: {}`, {}:{}): `{}` gets TLS in TLS, which \
         servers usually reject",
        settings.effective_mode().as_str(),
        world.snapshot.sources.file(settings.span.file).path(),
        start.line,
        cluster.host
    ))
}

/// A `tcp` or `tls` route, as answers name it.
pub(super) fn l4_route(proxy: &Proxy<'_>, route: &L4Route<'_>) -> RouteRef {
    route_ref(proxy, route.virtual_service, route.section.name(), route.index, route.span, route.route_match)
}

/// An `http` route, as answers name it.
pub(super) fn http_route(proxy: &Proxy<'_>, route: &CompiledRoute<'_>, route_match: Option<(usize, Span)>) -> RouteRef {
    let owner = route.owner;
    let delegator = route.delegator.map(|it| format!("{} http[{}]", it.virtual_service.name, it.index));
    RouteRef {
        name: route.name.clone(),
        delegated_by: delegator,
        ..route_ref(proxy, owner.virtual_service, "http", owner.index, owner.span, route_match)
    }
}

fn route_ref(
    proxy: &Proxy<'_>,
    virtual_service: &VirtualService<'_>,
    section: &'static str,
    index: usize,
    span: Span,
    route_match: Option<(usize, Span)>,
) -> RouteRef {
    let world = proxy.world;
    let sources = &world.snapshot.sources;
    let span_of_match = route_match.map_or(span, |(_, span)| span);
    let written = RouteRef {
        virtual_service: Some(virtual_service.name.to_string()),
        kind: None,
        resource: None,
        delegated_by: None,
        section,
        index,
        r#match: route_match.map(|(index, _)| index),
        name: String::new(),
        file: sources.file(span.file).path().to_owned(),
        line: sources.start(span).line,
        match_line: (route_match.is_some() && span_of_match.file == span.file)
            .then(|| sources.start(span_of_match).line),
        span: span_of_match,
    };
    let Some(source) = virtual_service.source(index) else { return written };
    let resource = source.resource;
    RouteRef {
        virtual_service: None,
        kind: Some(resource.kind.name()),
        resource: Some(format!("{}/{}", world.settings.namespace_of(resource), resource.name())),
        section: "rules",
        index: source.rule,
        r#match: source.entry,
        ..written
    }
}

/// Decides for requests to hosts without a virtual host.
pub(super) fn by_fallback(proxy: &Proxy<'_>, fallback: Fallback) -> Decision {
    match fallback {
        Fallback::NotFound => not_found(),
        Fallback::Passthrough => as_dialled(proxy),
        Fallback::DynamicDns => passthrough("AllowAnyDynamicDNSCluster"),
        Fallback::BlackHole => Decision { status: Some(502), ..Decision::new(Outcome::Blackhole) },
    }
}

/// Decides for connections that no filter chain takes.
pub(super) fn by_default_chain(proxy: &Proxy<'_>, default_chain: DefaultChain, payload: Payload<'_>) -> Decision {
    match default_chain {
        DefaultChain::DynamicDns if payload == Payload::Http => passthrough("AllowAnyDynamicDNSCluster"),
        DefaultChain::Passthrough | DefaultChain::DynamicDns => as_dialled(proxy),
        DefaultChain::BlackHole => Decision { flag: Some("UH"), ..Decision::new(Outcome::Blackhole) },
        DefaultChain::Reset => Decision { flag: Some("NR"), ..Decision::new(Outcome::Refused) },
    }
}

/// The decision for requests that no route takes.
pub(super) fn not_found() -> Decision {
    Decision { status: Some(404), flag: Some("NR"), ..Decision::new(Outcome::NoRoute) }
}

/// The decision for unknown destinations: as dialled, unless the Sidecar resource has an egress proxy.
fn as_dialled(proxy: &Proxy<'_>) -> Decision {
    match egress_proxy(proxy) {
        Some(cluster) => sent(proxy.world, &[Weighted { cluster, weight: 1, headers: None }]),
        None => passthrough("PassthroughCluster"),
    }
}

/// The decision for requests to a Service that a controller makes, which has no routes of its own.
pub(super) fn to_made_service(proxy: &Proxy<'_>, hostname: &str, port: u32, payload: Payload<'_>) -> Option<Decision> {
    let clusters = [Weighted { cluster: of_made_service(proxy, hostname, port)?, weight: 1, headers: None }];
    Some(if payload == Payload::Http { forwarded(proxy, &clusters) } else { sent(proxy.world, &clusters) })
}

fn passthrough(cluster: &str) -> Decision {
    let destination = ReachedCluster::new(cluster.to_owned(), String::new(), None);
    Decision { destinations: vec![destination], ..Decision::new(Outcome::Passthrough) }
}

/// The decision that sends connections to clusters.
pub(super) fn sent(world: &World<'_>, clusters: &[Weighted<'_>]) -> Decision {
    let shares = shares(&clusters.iter().map(|it| it.weight).collect::<Vec<_>>());
    let problems: Vec<Option<ClusterProblem>> = clusters.iter().map(|it| it.cluster.problem).collect();
    // The flag is certain only if all destinations have it.
    let common = problems.first().copied().flatten().filter(|first| problems.iter().all(|it| *it == Some(*first)));
    let mut notes = Vec::new();
    for cluster in clusters.iter().map(|it| &it.cluster) {
        let note = match &cluster.assumption {
            None if cluster.upstream.is_by_locality(&world.settings) => format!(
                "the localities of client and endpoints decide which endpoints of `{}` get requests: the manifests do not show them",
                cluster.host
            ),
            None => continue,
            Some(assumption) => assumption_note(cluster, assumption),
        };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Decision {
        flag: common.map(|problem| match problem {
            ClusterProblem::NoCluster => "NC",
            ClusterProblem::NoEndpoints => "UH",
        }),
        destinations: clusters.iter().zip(shares).map(|(it, share)| destination(&it.cluster, share)).collect(),
        notes,
        ..Decision::new(Outcome::Forward)
    }
}

/// The note on an assumption about a cluster.
fn assumption_note(Cluster { host, port, .. }: &Cluster<'_>, assumption: &Assumption) -> String {
    match assumption {
        Assumption::NoServices => {
            "no Service is among the manifests: all Kubernetes hosts are assumed to exist".to_owned()
        }
        Assumption::Made(maker) => format!("{maker} creates the Service of host `{host}`"),
        Assumption::Labelled(key) => {
            format!("label `{key}` comes from the node or the cluster: only workloads that have it get requests")
        }
        Assumption::Possible(gap) => format!("it is not known whether host `{host}` has port {port}: {gap}"),
    }
}

/// The note on a cluster that the manifests lack.
fn gap_note(Cluster { host, port, subset, .. }: &Cluster<'_>, gap: &Gap) -> String {
    match subset.as_str() {
        "" => format!("it is not known whether host `{host}` has port {port}: {gap}"),
        subset => format!("it is not known whether subset `{subset}` of host `{host}` is defined: {gap}"),
    }
}

fn destination(cluster: &Cluster<'_>, weight: serde_json::Number) -> ReachedCluster {
    let is_there = cluster.problem != Some(ClusterProblem::NoCluster);
    ReachedCluster {
        cluster: cluster.name(),
        load_balancer: Some(cluster.upstream.load_balancing()).filter(|_| is_there && !cluster.is_dialled),
        tls: cluster.upstream.tls_mode().filter(|_| is_there).map(|mode| mode.as_str()),
        host: cluster.host.clone(),
        subset: Some(&cluster.subset).filter(|subset| !subset.is_empty()).cloned(),
        port: Some(cluster.port),
        weight,
        workloads: cluster.workloads.iter().map(|workload| workload.name.to_string()).collect(),
        problem: cluster.problem.map(problem_name),
        assumption: cluster
            .assumption
            .as_ref()
            .map(|assumption| assumption_note(cluster, assumption))
            .or_else(|| cluster.gap.as_ref().map(|gap| gap_note(cluster, gap))),
        is_unknown: matches!(cluster.assumption, Some(Assumption::Possible(_))) || cluster.gap.is_some(),
        status: None,
        request: None,
    }
}

fn mirrors(proxy: &Proxy<'_>, port: u32, route: &CompiledRoute<'_>) -> Vec<Mirror> {
    let single = route.mirror.map(|destination| {
        let older = route.mirror_percent.map(|percent| f64::from(percent.value));
        (destination, route.mirror_percentage.map(percent).or(older).unwrap_or(100.0))
    });
    let several = route
        .mirrors
        .iter()
        .filter_map(|mirror| Some((mirror.destination.as_ref()?, mirror.percentage.as_ref().map_or(100.0, percent))));
    let copied = single.into_iter().chain(several).filter(|(_, percentage)| *percentage > 0.0);
    copied
        .map(|(destination, percentage)| {
            let cluster = route.mirror_cluster(proxy, port, destination);
            let ReachedCluster { cluster, problem, assumption, is_unknown, .. } =
                self::destination(&cluster, 100.into());
            Mirror { cluster, percentage, problem, assumption: assumption.filter(|_| is_unknown) }
        })
        .collect()
}

fn problem_name(problem: ClusterProblem) -> &'static str {
    match problem {
        ClusterProblem::NoCluster => "no-cluster",
        ClusterProblem::NoEndpoints => "no-endpoints",
    }
}

/// A duration in the words of the manifest, `1500ms` rather than `1.5s`. Fractions are written in the smaller unit.
fn as_written(world: &World<'_>, duration: Spanned<Duration>) -> String {
    let text = world.snapshot.sources.text(duration.span).trim().trim_matches(['"', '\'']);
    match Duration::parse(text) == Some(duration.value) && !text.contains('.') {
        true => text.to_owned(),
        false => duration.value.to_string(),
    }
}

fn percent(percent: &Percent) -> f64 {
    percent.value.map_or(0.0, |value| value.value)
}

/// The injected fault. Without a percentage it affects no request; delays also have an older integer form.
fn fault(world: &World<'_>, route: &CompiledRoute<'_>) -> Option<InjectedFault> {
    let fault = route.fault?;
    Some(InjectedFault {
        delay: fault.delay.as_ref().map(|delay| InjectedDelay {
            percentage: delay
                .percentage
                .as_ref()
                .map(percent)
                .or_else(|| delay.percent.map(|percent| f64::from(percent.value)))
                .unwrap_or(0.0),
            fixed_delay: delay.fixed_delay.map(|delay| as_written(world, delay)).unwrap_or_default(),
        }),
        abort: fault.abort.as_ref().map(|abort| InjectedAbort {
            percentage: abort.percentage.as_ref().map_or(0.0, percent),
            http_status: abort.http_status.map(|status| status.value),
            grpc_status: abort.grpc_status.as_ref().map(|status| status.value.clone()),
        }),
    })
}

/// The retries of routes that set none.
fn default_retries(proxy: &Proxy<'_>) -> Option<Retries> {
    proxy.world.settings.retries.clone().map(Retries::from)
}

/// The retries of a route, which replace the default.
fn retries(proxy: &Proxy<'_>, route: &CompiledRoute<'_>) -> Option<Retries> {
    match route.retries {
        Some(written) => RetryPolicy::written(written).map(|policy| Retries {
            per_try_timeout: written.per_try_timeout.map(|timeout| as_written(proxy.world, timeout)),
            ..policy.into()
        }),
        None => default_retries(proxy),
    }
}

impl From<RetryPolicy> for Retries {
    fn from(policy: RetryPolicy) -> Self {
        Self {
            attempts: policy.attempts,
            per_try_timeout: policy.per_try_timeout,
            retry_on: Some(policy.retry_on),
            is_default: policy.is_built_in,
        }
    }
}

/// Weights as percentages with at most two decimals that add up to exactly 100.
fn shares(weights: &[u64]) -> Vec<serde_json::Number> {
    const WHOLE: u64 = 10_000;
    let sum: u64 = weights.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| weight * WHOLE / sum.max(1)).collect();
    let missing = WHOLE.saturating_sub(parts.iter().sum());
    // Distribute the rounding loss to those that lost most.
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
