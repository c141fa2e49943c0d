//! Expectations of a request, and how an answer differs from them.

use super::answer::{Answer, Arrived, Outcome, Unanswered};
use super::effects::ReachedCluster;

/// The end that a request is expected to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// A destination.
    Reached,
    /// A service: its host, in full or without the domain, and perhaps its port and subset.
    Destination(ExpectedDestination),
    /// A status. 200 also stands for a request that a server answers.
    Status(u32),
    /// An outcome.
    Outcome(Outcome),
}

/// The service that a request is expected to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDestination {
    /// The host in lower case.
    pub host: String,
    /// The port, if it matters.
    pub port: Option<u32>,
    /// The subset, if it matters.
    pub subset: Option<String>,
}

/// The difference between the expectations and an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The expectations that the answer does not meet: the unmet ones, or all if other requests go elsewhere.
    pub expected: Vec<String>,
    /// The ends of the requests.
    pub actual: Vec<String>,
}

/// The outcomes that an expectation can name.
const OUTCOMES: [Outcome; 7] = [
    Outcome::Passthrough,
    Outcome::Redirect,
    Outcome::DirectResponse,
    Outcome::NoRoute,
    Outcome::Blackhole,
    Outcome::Denied,
    Outcome::Refused,
];

impl Expectation {
    /// Reads `HOST[:PORT][/SUBSET]`, a status, or an outcome. The empty text stands for any destination.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Reached);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let status = text.parse().ok().filter(|status| (100..=599).contains(status));
            return status.map(Self::Status).ok_or_else(|| format!("`{text}` is not a status: write 100 to 599"));
        }
        if let Some(outcome) = OUTCOMES.into_iter().find(|outcome| outcome.as_str() == text) {
            return Ok(Self::Outcome(outcome));
        }
        let not_one = || format!("`{text}` is not a destination: write `HOST`, `HOST:PORT`, `HOST/SUBSET` or a status");
        let (address, subset) = text.split_once('/').map_or((text, None), |(address, subset)| (address, Some(subset)));
        let (host, port) = crate::uri::split_port(address);
        let port = port.map(|port| port.parse().ok().filter(|port| (1..=65535).contains(port)).ok_or_else(not_one));
        let is_name = |text: &str| !text.is_empty() && !text.contains(|it: char| it.is_whitespace() || it == '/');
        let is_host = is_name(host) && (!host.contains(':') || host.starts_with('['));
        if !is_host || !subset.is_none_or(is_name) {
            return Err(not_one());
        }
        Ok(Self::Destination(ExpectedDestination {
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port: port.transpose()?,
            subset: subset.map(str::to_owned),
        }))
    }

    /// Whether some of the requests of an answer end there.
    pub fn is_met_by_some(&self, answer: &Answer) -> bool {
        parts(answer).iter().any(|part| self.is_met_by(part))
    }

    fn is_met_by(&self, part: &Part<'_>) -> bool {
        match self {
            Self::Reached => part.reaches(),
            Self::Status(status) => {
                part.end == End::Proxy { status: Some(*status), outcome: part.outcome() }
                    || (*status == 200 && part.end == End::Server)
            }
            Self::Outcome(Outcome::Passthrough) => part.end == End::Outside,
            Self::Outcome(outcome) => part.outcome() == Some(*outcome),
            Self::Destination(wanted) => part.end == End::Server && part.destinations.iter().any(|it| wanted.is(it)),
        }
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reached => f.write_str("any destination"),
            Self::Status(status) => write!(f, "{status}"),
            Self::Outcome(outcome) => f.write_str(outcome.as_str()),
            Self::Destination(ExpectedDestination { host, port, subset }) => {
                f.write_str(host)?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
                subset.as_ref().map_or(Ok(()), |subset| write!(f, "/{subset}"))
            }
        }
    }
}

impl ExpectedDestination {
    /// Whether it is the host. It may lack the end of the name of a Kubernetes Service: `reviews` is
    /// `reviews.default.svc.cluster.local`.
    pub fn is_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let is_short =
            host.contains(".svc.") && host.strip_prefix(&self.host).is_some_and(|rest| rest.starts_with('.'));
        host == self.host || is_short
    }

    fn is(&self, destination: &ReachedCluster) -> bool {
        self.is_host(&destination.host)
            && self.port.is_none_or(|port| destination.port == Some(port))
            && self.subset.as_ref().is_none_or(|subset| destination.subset.as_ref() == Some(subset))
    }
}

/// A part of the requests, with its end.
struct Part<'a> {
    /// The destinations on the way, of each leg.
    destinations: Vec<&'a ReachedCluster>,
    end: End,
}

/// The end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// A server of the mesh answers.
    Server,
    /// The request goes where the client dialled, outside of what the mesh knows.
    Outside,
    /// A proxy answers or closes the connection. `None` as the outcome if the destination does not exist or a fault aborts.
    Proxy { status: Option<u32>, outcome: Option<Outcome> },
}

impl Part<'_> {
    /// Whether the request gets an answer other than that of a proxy that stops it.
    fn reaches(&self) -> bool {
        let is_answered = matches!(self.outcome(), Some(Outcome::Redirect | Outcome::DirectResponse));
        matches!(self.end, End::Server | End::Outside) || is_answered
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.end {
            End::Proxy { outcome, .. } => outcome,
            End::Server | End::Outside => None,
        }
    }

    /// The end for people, in the form of an expectation where there is one.
    fn describe(&self) -> String {
        let destination = self.destinations.first().map(|it| {
            let port = it.port.map(|port| format!(":{port}")).unwrap_or_default();
            let subset = it.subset.as_ref().map(|subset| format!("/{subset}")).unwrap_or_default();
            let host = it.host.rfind(".svc.").map_or(it.host.as_str(), |end| &it.host[..end]);
            format!("{host}{port}{subset}")
        });
        let stop = match self.end {
            End::Server => None,
            End::Outside => Some("passthrough".to_owned()),
            End::Proxy { status, outcome } => {
                let words = [status.map(|status| status.to_string()), outcome.map(|it| it.as_str().to_owned())];
                Some(words.into_iter().flatten().collect::<Vec<_>>().join(" "))
            }
        };
        match (destination, stop) {
            (Some(destination), Some(stop)) => format!("{destination} ({stop})"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "any destination".to_owned(),
        }
    }
}

/// Compares an answer with what was expected. All of the requests must have an expected end, and each expected end must
/// occur. `None` if it is as expected.
pub fn difference(result: &Result<Answer, Unanswered>, expected: &[Expectation]) -> Option<Difference> {
    if expected.is_empty() {
        return None;
    }
    let parts = match result {
        Ok(answer) => parts(answer),
        Err(unanswered) => {
            return Some(Difference {
                expected: expected.iter().map(ToString::to_string).collect(),
                actual: vec![format!("no answer: {}", unanswered.error)],
            });
        }
    };
    // Without a named end, it suffices that a request can reach a destination.
    if let [Expectation::Reached] = expected
        && parts.iter().any(Part::reaches)
    {
        return None;
    }
    let strays = parts.iter().any(|part| !expected.iter().any(|expectation| expectation.is_met_by(part)));
    let unmet = |expectation: &&Expectation| !parts.iter().any(|part| expectation.is_met_by(part));
    let missing: Vec<&Expectation> = expected.iter().filter(unmet).collect();
    if !strays && missing.is_empty() {
        return None;
    }
    let listed: Vec<&Expectation> = if missing.is_empty() { expected.iter().collect() } else { missing };
    let mut actual: Vec<String> = Vec::new();
    for part in parts.iter().map(Part::describe) {
        if !actual.contains(&part) {
            actual.push(part);
        }
    }
    Some(Difference { expected: listed.iter().map(ToString::to_string).collect(), actual })
}

/// Whether some of the requests of an answer end elsewhere than at some ends.
pub fn ends_elsewhere(answer: &Answer, ends: &[Expectation]) -> bool {
    parts(answer).iter().any(|part| !ends.iter().any(|end| end.is_met_by(part)))
}

/// Whether some of the requests of an answer reach a server or the outside that is not among some ends.
pub fn arrives_elsewhere(answer: &Answer, ends: &[Expectation]) -> bool {
    let has_arrived = |part: &&Part<'_>| matches!(part.end, End::Server | End::Outside);
    parts(answer).iter().filter(has_arrived).any(|part| !ends.iter().any(|end| end.is_met_by(part)))
}

/// Whether some of the requests of an answer are denied by a policy, at any proxy.
pub fn is_denied(answer: &Answer) -> bool {
    Expectation::Outcome(Outcome::Denied).is_met_by_some(answer)
}

/// The parts of the requests that an answer tells apart: by destination, by server, and those that a fault aborts.
fn parts(answer: &Answer) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let abort = answer.fault.as_ref().and_then(|fault| fault.abort.as_ref()).filter(|abort| abort.percentage > 0.0);
    if let Some(abort) = abort {
        // A gRPC status comes with 200.
        let status = abort.http_status.map_or(Some(200), |status| u32::try_from(status).ok());
        parts.push(Part { destinations: Vec::new(), end: End::Proxy { status, outcome: None } });
        if abort.percentage >= 100.0 {
            return parts;
        }
    }
    match answer.outcome {
        Outcome::Forward => {
            used(&answer.destinations).for_each(|destination| parts.extend(ends(answer, destination)));
        }
        Outcome::Passthrough => {
            let host = answer.destinations.first().map_or(answer.host.as_str(), |it| it.host.as_str());
            // Clients cannot look up a name of the cluster that no service has.
            let end = match is_inside(host) {
                true => End::Proxy { status: None, outcome: Some(Outcome::Passthrough) },
                false => End::Outside,
            };
            parts.push(Part { destinations: answer.destinations.first().into_iter().collect(), end });
        }
        outcome => parts
            .push(Part { destinations: Vec::new(), end: End::Proxy { status: answer.status, outcome: Some(outcome) } }),
    }
    parts
}

/// The destinations that get requests.
fn used(destinations: &[ReachedCluster]) -> impl Iterator<Item = &ReachedCluster> {
    destinations.iter().filter(|it| it.weight.as_f64().is_none_or(|weight| weight > 0.0))
}

/// Whether a host is one of the cluster, by its form.
fn is_inside(host: &str) -> bool {
    let name = crate::uri::split_port(host).0;
    let is_address = name.contains(':') || name.parse::<std::net::IpAddr>().is_ok();
    !is_address && (!name.contains('.') || name.ends_with(".svc") || name.contains(".svc."))
}

/// The ends of the requests that go to a destination.
fn ends<'a>(answer: &'a Answer, destination: &'a ReachedCluster) -> Vec<Part<'a>> {
    let legs = || answer.legs.iter().filter(|leg| leg.via.as_ref() == Some(&destination.cluster));
    let destinations: Vec<&ReachedCluster> =
        std::iter::once(destination).chain(legs().flat_map(|leg| used(&leg.destinations))).collect();
    let part = |end| Part { destinations: destinations.clone(), end };
    // The manifests leave it open whether an unknown destination exists, but not that the request goes there.
    if destination.problem.is_some() && !destination.is_unknown {
        let status = destination.status.map_or(503, u32::from);
        return vec![part(End::Proxy { status: Some(status), outcome: None })];
    }
    let arrived: Vec<&Arrived> = answer.arrivals.iter().filter(|it| it.via == destination.cluster).collect();
    let end = |arrived: &Arrived| match (arrived.outcome, arrived.status) {
        (Outcome::Forward | Outcome::Passthrough, None) => End::Server,
        // The next cluster does not exist.
        (Outcome::Forward | Outcome::Passthrough, status) => End::Proxy { status, outcome: None },
        (outcome, status) => End::Proxy { status, outcome: Some(outcome) },
    };
    let mut ends: Vec<End> = arrived.iter().map(|arrived| end(arrived)).collect();
    // Workloads without a proxy answer for themselves.
    if arrived.is_empty() || (legs().next().is_none() && arrived.len() < destination.workloads.len()) {
        ends.push(End::Server);
    }
    let mut distinct: Vec<End> = Vec::new();
    for end in ends {
        if !distinct.contains(&end) {
            distinct.push(end);
        }
    }
    distinct.into_iter().map(part).collect()
}
