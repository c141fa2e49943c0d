//! The rows of a table of answers: the destinations of requests, and what else happens to them.

use std::collections::BTreeSet;

use crate::report::text::policy;
use crate::report::text::words::clean;
use crate::simulate::{Answer, Arrived, Decision, InjectedAbort, Outcome, ReachedCluster, Refusal};

/// A row: where a share of the requests goes.
pub(in crate::report) struct Target {
    /// The destination or the answer of the proxy; it can have several lines.
    pub goes_to: String,
    /// The share of the requests; empty for all of them.
    pub share: String,
}

/// How brief the texts of a table are.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::report) struct Brevity<'a> {
    /// The namespace that hosts are shown without, because it is that of all hosts.
    pub namespace: Option<&'a str>,
    /// Whether Envoy's response flags are left out.
    pub without_flags: bool,
    /// Whether a denial names its policy, because no other column does.
    pub names_policy: bool,
}

impl<'a> Brevity<'a> {
    /// The brevity of a table with these hosts.
    pub fn of(hosts: impl Iterator<Item = &'a str>) -> Self {
        let mut namespaces = hosts.filter(|host| short(host) != *host).filter_map(|host| short(host).split_once('.'));
        let first = namespaces.next().map(|(_, namespace)| namespace);
        Self {
            namespace: first.filter(|first| namespaces.all(|(_, it)| it == *first)),
            without_flags: true,
            names_policy: true,
        }
    }

    /// A host without the domain of the cluster, and without the namespace that all have.
    pub fn host(&self, host: &str) -> String {
        let brief = self.namespace.filter(|_| short(host) != host);
        let name = brief.and_then(|namespace| short(host).strip_suffix(namespace)?.strip_suffix('.'));
        clean(name.unwrap_or_else(|| short(host)))
    }

    fn flag(&self, flag: Option<&str>) -> String {
        flag.filter(|_| !self.without_flags).map(|flag| format!(" ({flag})")).unwrap_or_default()
    }
}

/// The host without the domain of the cluster.
pub(in crate::report) fn short(host: &str) -> &str {
    host.rfind(".svc.").map_or(host, |at| &host[..at])
}

/// The host of a request. One that asks the proxy of a workload may have none: then the workload stands in its place.
pub(super) fn host(answer: &Answer) -> String {
    let workload = || answer.destinations.first().and_then(|it| it.workloads.first());
    match answer.host.as_str() {
        "" => workload().map(|workload| clean(workload)).unwrap_or_default(),
        host => clean(short(host)),
    }
}

/// The rows of an answer. Aborts are part of the shares.
pub(in crate::report) fn targets(answer: &Answer, brevity: &Brevity<'_>) -> Vec<Target> {
    if answer.destinations.is_empty() {
        return vec![Target { goes_to: outcome(answer, brevity), share: String::new() }];
    }
    let fault = answer.fault.as_ref();
    let abort = fault.and_then(|fault| fault.abort.as_ref()).filter(|abort| abort.percentage > 0.0);
    let left = abort.map_or(100.0, |abort| 100.0 - abort.percentage.min(100.0));
    let mut rows = Vec::new();
    if let Some(abort) = abort {
        rows.push(Target { goes_to: format!("{} fault abort", abort_status(abort)), share: percent(100.0 - left) });
    }
    let delay = fault.and_then(|fault| fault.delay.as_ref()).filter(|delay| delay.percentage > 0.0);
    let share = |destination: &ReachedCluster| destination.weight.as_f64().unwrap_or(0.0) * left / 100.0;
    for destination in answer.destinations.iter().filter(|it| left > 0.0 || share(it) > 0.0) {
        let mut goes_to = target(answer, destination, brevity);
        if let Some(delay) = delay {
            goes_to.push_str(&format!("\ndelayed by {}{}", delay.fixed_delay, of_some(delay.percentage)));
        }
        rows.push(Target { goes_to, share: percent(share(destination)) });
    }
    rows
}

/// The status with which a fault aborts requests.
pub(super) fn abort_status(abort: &InjectedAbort) -> String {
    let of_http = abort.http_status.map(|status| status.to_string());
    of_http.or_else(|| abort.grpc_status.clone()).unwrap_or_default()
}

fn of_some(percentage: f64) -> String {
    if percentage >= 100.0 { String::new() } else { format!(" ({} of them)", percent(percentage)) }
}

/// A share with at most two decimals.
fn percent(share: f64) -> String {
    format!("{}%", (share * 100.0).round() / 100.0)
}

/// A destination, and the reasons why requests do not arrive there.
fn target(answer: &Answer, destination: &ReachedCluster, brevity: &Brevity<'_>) -> String {
    let mut target = match (destination.host.as_str(), destination.workloads.first()) {
        _ if destination.is_refused_backend() => "a backend that istiod refuses".to_owned(),
        ("", Some(workload)) => clean(workload),
        ("", None) => "the workload".to_owned(),
        (host, _) => brevity.host(host),
    };
    if let Some(port) = destination.port.filter(|_| !destination.is_refused_backend()) {
        target.push_str(&format!(":{port}"));
    }
    if let Some(subset) = &destination.subset {
        target.push_str(&format!(" {}", clean(subset)));
    }
    if answer.outcome == Outcome::Passthrough {
        target.push_str("\nas dialled: unknown to the mesh");
    }
    if let Some(problem) = destination.problem {
        let (flag, what) = problem_words(problem);
        // A connection gets no status.
        let status = answer.request.as_ref().map(|_| format!("{} ", destination.status.unwrap_or(503)));
        target.push_str(&format!("\n{}{what}{}", status.unwrap_or_default(), brevity.flag(Some(flag))));
    }
    if destination.is_unknown && destination.problem.is_none() {
        target.push_str("\nnot among the manifests: cannot tell");
    }
    let here: Vec<&Arrived> = answer.arrivals.iter().filter(|it| it.via == destination.cluster).collect();
    let stopped: Vec<&&Arrived> = here.iter().filter(|it| !it.outcome.goes_on()).collect();
    let is_everywhere = stopped.len() == here.len() && here.len() >= destination.workloads.len();
    let texts: BTreeSet<String> = stopped
        .iter()
        .map(|it| {
            let place = if is_everywhere { String::new() } else { format!("at {}: ", clean(&it.workload)) };
            format!("{place}{}", clean(&stop_text(it)))
        })
        .collect();
    texts.into_iter().for_each(|text| target.push_str(&format!("\n{text}")));
    target
}

/// The reason why a server does not get the request.
pub(super) fn stop_text(arrived: &Arrived) -> String {
    let status = arrived.status.map(|status| format!("{status} ")).unwrap_or_default();
    let what = if arrived.outcome == Outcome::Denied { "denied" } else { "refused" };
    let by = arrived.policy.as_ref().map(|policy| format!(" by {}", policy::name(policy))).unwrap_or_default();
    format!("{status}{what}{by}")
}

/// Envoy's flag and the words for a reason why requests cannot reach a cluster.
fn problem_words(problem: &str) -> (&'static str, &'static str) {
    match problem {
        "no-cluster" => ("NC", "no such cluster"),
        _ => ("UH", "no endpoints"),
    }
}

/// The reason why requests cannot reach a cluster.
pub(super) fn problem_text(problem: &str) -> &'static str {
    problem_words(problem).1
}

/// A cluster as people write it: `reviews.shop:9080 v2` for `outbound|9080|v2|reviews.shop.svc.cluster.local`.
pub(in crate::report) fn cluster(name: &str) -> String {
    match name.split('|').collect::<Vec<_>>().as_slice() {
        [_, port, subset, host] if !host.is_empty() => {
            let subset = if subset.is_empty() { String::new() } else { format!(" {subset}") };
            format!("{}:{port}{subset}", short(host))
        }
        _ => name.to_owned(),
    }
}

/// The outcome of a request without destinations.
fn outcome(answer: &Answer, brevity: &Brevity<'_>) -> String {
    let status = answer.status.map(|status| format!("{status} ")).unwrap_or_default();
    let flag = brevity.flag(answer.flag);
    let text = match answer.outcome {
        Outcome::Redirect => format!("{status}redirect to {}", answer.location.as_deref().unwrap_or_default()),
        Outcome::DirectResponse => format!("{status}from the proxy"),
        Outcome::NoRoute => format!("{status}no route{flag}"),
        Outcome::Blackhole => format!("{status}dropped: unknown to the mesh{flag}"),
        Outcome::Denied if brevity.names_policy => denial_words(&answer.decision),
        Outcome::Denied => format!("{status}denied{flag}"),
        Outcome::Refused if let Some(refusal) = answer.refusal => format!("{}{flag}", refusal_words(refusal)),
        Outcome::Refused if answer.flag == Some("DPE") && answer.status.is_some() => {
            format!("{status}bad request{flag}")
        }
        Outcome::Refused if answer.flag == Some("DPE") => format!("connection closed: the proxy expects HTTP{flag}"),
        Outcome::Refused if answer.flag == Some("NR") => format!("connection closed: no server matches{flag}"),
        Outcome::Refused => format!("connection refused{flag}"),
        Outcome::Forward | Outcome::Passthrough => answer.outcome.as_str().to_owned(),
    };
    clean(&text)
}

fn refusal_words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownHost => "nowhere: DNS does not know the host",
        Refusal::ExpectsTls => "connection closed: the proxy expects TLS",
        Refusal::Handshake => "the TLS handshake fails",
        Refusal::RequiresMutualTls => "connection closed: requires mutual TLS",
    }
}

/// `403 denied by AuthorizationPolicy shop/deny rules[0]`.
pub(super) fn denial_words(decision: &Decision) -> String {
    let status = decision.status.map(|status| format!("{status} ")).unwrap_or_default();
    let by = decision.policy.as_ref().map(|policy| format!(" by {}", policy::name(policy))).unwrap_or_default();
    format!("{status}denied{by}")
}

/// The resource that decides.
pub(super) fn decided_by(answer: &Answer) -> String {
    if let Some(decisive) = &answer.policy {
        return policy::name(decisive);
    }
    match (&answer.route, answer.outcome) {
        (Some(route), _) => clean(&format!("{} {}", route.owner(), route.path())),
        // The proxy of a server has no routes.
        (None, Outcome::Forward) if answer.destinations.iter().any(|it| it.cluster.starts_with("inbound|")) => {
            String::new()
        }
        (None, Outcome::Forward) => "no VirtualService".to_owned(),
        (None, _) => String::new(),
    }
}
