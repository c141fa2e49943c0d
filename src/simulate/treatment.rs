//! The treatment of requests by a proxy, without the places and names of the rules that say so. Two rules that treat requests
//! alike can be exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answer::{Answer, Decision};
use super::decide::ClauseDecision;
use super::effects::{Mirror, Rewritten};
use super::endpoints;
use crate::routing::{Clause, ClauseAction, CompiledRoute, MatchCondition, MatchSubject, Upstream, Weighted};

/// The treatment of the requests that a clause takes.
#[derive(Debug, Clone)]
pub struct Treatment<'a> {
    decision: Arc<Decision>,
    clusters: Vec<Weighted<'a>>,
    route: Option<Arc<CompiledRoute<'a>>>,
    /// The port to which a redirect can send requests.
    port: u32,
    /// The condition on the path. A rewrite of a prefix depends on it.
    path: Option<MatchCondition>,
}

/// A part of a treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The kind of the answer: forwarded, redirected, not found and so on, with the status.
    Outcome,
    /// The destinations, their shares and the workloads behind them.
    Destinations,
    /// The addresses and ports of the endpoints of a destination, and its protocol.
    Endpoints,
    /// Load balancing, or TLS towards the destinations.
    Connection,
    /// The mirrors.
    Mirrors,
    /// Injected faults.
    Fault,
    /// The timeout.
    Timeout,
    /// The retries.
    Retries,
    /// The path and authority that the upstream gets.
    Rewrite,
    /// The location of a redirect.
    Redirect,
    /// The headers of requests or responses.
    Headers,
    /// The CORS policy.
    Cors,
    /// The body of a response that the proxy gives itself.
    Body,
}

impl Aspect {
    /// The words for messages: "the timeout changes".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Destinations => "destinations",
            Self::Endpoints => "endpoints",
            Self::Connection => "load balancing or TLS",
            Self::Mirrors => "mirrors",
            Self::Fault => "injected faults",
            Self::Timeout => "timeout",
            Self::Retries => "retries",
            Self::Rewrite => "rewrite",
            Self::Redirect => "redirect",
            Self::Headers => "headers",
            Self::Cors => "CORS policy",
            Self::Body => "body of the response",
        }
    }

    /// Whether an answer shows it.
    fn is_in_answers(self) -> bool {
        !matches!(self, Self::Endpoints | Self::Headers | Self::Cors | Self::Body)
    }
}

impl<'a> Treatment<'a> {
    pub(super) fn of_clause(clause: &Clause<'a>, decided: &ClauseDecision<'a>) -> Self {
        let route = match &clause.action {
            ClauseAction::Route(route) => Some(Arc::clone(route)),
            ClauseAction::Service(_) => None,
        };
        let is_path = |it: &&MatchCondition| matches!(it.subject, MatchSubject::Path { .. });
        Self {
            decision: Arc::clone(&decided.decision),
            clusters: decided.clusters.clone(),
            route,
            port: clause.port,
            path: clause.conditions.iter().find(is_path).cloned(),
        }
    }

    /// The treatment of connections that a filter chain forwards.
    pub(super) fn of_connection(decision: &Arc<Decision>, clusters: &[Weighted<'a>]) -> Self {
        Self { clusters: clusters.to_vec(), ..Self::of_decision(decision) }
    }

    fn of_decision(decision: &Arc<Decision>) -> Self {
        Self { decision: Arc::clone(decision), clusters: Vec::new(), route: None, port: 0, path: None }
    }

    /// The treatment of requests that no clause takes.
    pub fn of_answer(answer: &Answer) -> Self {
        Self::of_decision(&answer.decision)
    }

    /// The decision.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The aspects in which two treatments differ. An aspect may be listed although no request shows the difference.
    pub fn differences(&self, other: &Self) -> BTreeSet<Aspect> {
        let mut found = of_decisions(&self.decision, &other.decision);
        let (one, two) = (self.route.as_deref(), other.route.as_deref());
        let headers = |it: &Self| -> Vec<_> { it.clusters.iter().map(|it| it.headers).collect() };
        let mut add = |aspect: Aspect, differs: bool| found.extend(differs.then_some(aspect));
        let rewrite = |it: Option<&CompiledRoute<'a>>| it.and_then(|it| it.rewrite);
        let redirect = |it: Option<&CompiledRoute<'a>>| it.and_then(|it| it.redirect);
        let moves_prefix = rewrite(one).is_some_and(|it| it.uri.is_some());
        add(Aspect::Endpoints, self.has_other_endpoints(other));
        add(Aspect::Rewrite, rewrite(one) != rewrite(two) || moves_prefix && !self.has_path_of(other));
        let moves_prefix = redirect(one).is_some_and(|it| it.prefix_rewrite.is_some());
        let takes_port = redirect(one).is_some_and(|it| it.derive_port.is_some());
        let differs = redirect(one) != redirect(two) || moves_prefix && !self.has_path_of(other);
        add(Aspect::Redirect, differs || takes_port && self.port != other.port);
        let of_route = |it: Option<&CompiledRoute<'a>>| it.and_then(|it| it.headers);
        add(
            Aspect::Headers,
            of_route(one) != of_route(two) || self.has_own_headers(other) && headers(self) != headers(other),
        );
        add(Aspect::Cors, one.and_then(|it| it.cors_policy) != two.and_then(|it| it.cors_policy));
        add(Aspect::Body, one.and_then(|it| it.direct_response) != two.and_then(|it| it.direct_response));
        found
    }

    /// The clusters of both whose settings differ in what no answer shows: the connection pool, outlier detection, and
    /// details of load balancing and TLS.
    pub fn changed_settings(&self, other: &Self) -> Vec<(String, Vec<&'static str>)> {
        let mut changed = Vec::new();
        for own in &self.clusters {
            let name = own.cluster.name();
            let Some(same) = other.clusters.iter().find(|it| it.cluster.name() == name) else { continue };
            let fields = settings(&own.cluster.upstream, &same.cluster.upstream);
            if !fields.is_empty() && !changed.iter().any(|(known, _)| *known == name) {
                changed.push((name, fields));
            }
        }
        changed
    }

    /// Whether a cluster of both has other endpoints.
    fn has_other_endpoints(&self, other: &Self) -> bool {
        let differs = |own: &Weighted<'a>| {
            let same = other.clusters.iter().find(|it| it.cluster.name() == own.cluster.name());
            same.is_some_and(|same| !endpoints::are_same(&own.cluster, &same.cluster))
        };
        self.clusters.iter().any(differs)
    }

    fn has_own_headers(&self, other: &Self) -> bool {
        self.clusters.iter().chain(&other.clusters).any(|it| it.headers.is_some())
    }

    fn has_path_of(&self, other: &Self) -> bool {
        let key = |it: &Self| it.path.as_ref().map(|path| (path.matcher.key().0, path.matcher.key().1.to_owned()));
        key(self) == key(other)
    }
}

/// The fields of a traffic policy that differ.
fn settings(one: &Upstream<'_>, other: &Upstream<'_>) -> Vec<&'static str> {
    let fields = [
        ("loadBalancer", one.load_balancer != other.load_balancer),
        ("connectionPool", one.connection_pool != other.connection_pool),
        ("outlierDetection", one.outlier_detection != other.outlier_detection),
        ("tls", one.tls != other.tls),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// The aspects in which two answers differ. The rest of the way, to gateways and the sidecars of servers, does not count.
pub fn answer_differences(one: &Answer, other: &Answer) -> BTreeSet<Aspect> {
    let mut found = of_decisions(&one.decision, &other.decision);
    let sent = |it: &Answer| it.request.as_ref().map(|it| (it.path.clone(), it.authority.clone()));
    let removed = |it: &Rewritten| it.removed_headers.iter().cloned().collect::<BTreeSet<String>>();
    let headers = |it: &Answer| it.request.as_ref().map(|it| (it.headers.clone(), removed(it)));
    if one.decision.outcome == other.decision.outcome {
        found.extend((sent(one) != sent(other)).then_some(Aspect::Rewrite));
        found.extend((headers(one) != headers(other)).then_some(Aspect::Headers));
    }
    found.extend((one.location != other.location).then_some(Aspect::Redirect));
    found
}

/// Whether the answers to a request show that two treatments differ, as far as answers can.
pub fn is_shown(differences: &BTreeSet<Aspect>, one: &Answer, other: &Answer) -> bool {
    differences.iter().any(|aspect| !aspect.is_in_answers()) || !answer_differences(one, other).is_empty()
}

fn of_decisions(one: &Decision, other: &Decision) -> BTreeSet<Aspect> {
    let mut found = BTreeSet::new();
    let mut add = |aspect: Aspect, differs: bool| found.extend(differs.then_some(aspect));
    let outcome = |it: &Decision| (it.outcome, it.status, it.flag, it.refusal);
    add(Aspect::Outcome, outcome(one) != outcome(other));
    add(Aspect::Destinations, destinations(one) != destinations(other));
    let (own, others) = (connections(one), connections(other));
    // Another destination usually has other settings.
    add(Aspect::Connection, own.iter().any(|(cluster, it)| others.get(cluster).is_some_and(|other| other != it)));
    add(Aspect::Mirrors, !one.mirrors.iter().map(mirror).eq(other.mirrors.iter().map(mirror)));
    add(Aspect::Fault, one.fault != other.fault);
    add(Aspect::Timeout, one.timeout != other.timeout);
    let retries = |it: &Decision| {
        let retries = it.retries.as_ref().filter(|it| it.attempts != 0)?;
        Some((retries.attempts, retries.per_try_timeout.clone(), retries.retry_on.clone()))
    };
    add(Aspect::Retries, retries(one) != retries(other));
    found
}

/// A cluster that gets requests, and what is behind it.
type Destination<'d> = (&'d str, Option<&'static str>, Option<u16>, BTreeSet<&'d str>, Option<&'d Rewritten>);

/// The destinations with their shares, in parts per million, whatever their order.
fn destinations(decision: &Decision) -> Vec<(Destination<'_>, u64)> {
    const WHOLE: f64 = 10_000.0;
    let mut shares: BTreeMap<String, (Destination<'_>, f64)> = BTreeMap::new();
    for it in &decision.destinations {
        let workloads: BTreeSet<&str> = it.workloads.iter().map(String::as_str).collect();
        // A destination that the manifests lack may exist.
        let problem = it.problem.filter(|_| !it.is_unknown);
        let status = it.status.filter(|_| !it.is_unknown);
        let destination: Destination<'_> = (&it.cluster, problem, status, workloads, it.request.as_deref());
        let share = it.weight.as_f64().unwrap_or_default();
        shares.entry(format!("{destination:?}")).or_insert((destination, 0.0)).1 += share;
    }
    shares.into_values().map(|(destination, share)| (destination, (share * WHOLE).round() as u64)).collect()
}

/// The load balancing and TLS of each destination.
fn connections(decision: &Decision) -> BTreeMap<&str, (Option<&str>, Option<&'static str>)> {
    let existing = decision.destinations.iter().filter(|it| it.load_balancer.is_some());
    existing.map(|it| (it.cluster.as_str(), (it.load_balancer.as_deref(), it.tls))).collect()
}

fn mirror(mirror: &Mirror) -> (&str, f64, Option<&'static str>) {
    (&mirror.cluster, mirror.percentage, mirror.problem)
}
