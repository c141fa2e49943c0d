//! Aims of searches: the answers that they look for.

use std::fmt;

use crate::simulate::{
    Answer, Decision, Expectation, Outcome, ReachedCluster, arrives_elsewhere, ends_elsewhere, is_denied,
};

/// An end of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A service, a status or an outcome, in the words of `mesh simulate --expect`.
    End(Expectation),
    /// A workload, as `namespace/name`.
    Workload(String),
}

/// The answers that a search looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// Some of the requests end at one of these.
    Ending(Vec<Target>),
    /// Some of the requests end elsewhere.
    EndingElsewhere(Vec<Expectation>),
    /// Some of the requests arrive at a server, and that is another one.
    ArrivingElsewhere(Vec<Expectation>),
    /// A route takes the requests.
    Routed,
}

impl Target {
    /// The end, if it is not a workload.
    pub fn end(&self) -> Option<&Expectation> {
        match self {
            Self::End(end) => Some(end),
            Self::Workload(_) => None,
        }
    }

    fn is_end_of(&self, answer: &Answer) -> bool {
        match self {
            Self::End(end) => end.is_met_by_some(answer),
            Self::Workload(name) => takes(answer, name),
        }
    }

    /// Whether requests end there because a proxy stops them, at the first proxy or later.
    fn is_stop(&self) -> bool {
        const BY_SERVERS: [u32; 3] = [401, 403, 503];
        match self {
            Self::End(Expectation::Status(status)) => BY_SERVERS.contains(status),
            Self::End(Expectation::Outcome(outcome)) => matches!(outcome, Outcome::Denied | Outcome::Refused),
            _ => false,
        }
    }

    fn is_denial(&self) -> bool {
        match self {
            Self::End(Expectation::Status(status)) => [401, 403].contains(status),
            Self::End(Expectation::Outcome(outcome)) => *outcome == Outcome::Denied,
            _ => false,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End(end) => end.fmt(f),
            Self::Workload(name) => f.write_str(name),
        }
    }
}

/// Whether a workload gets some of the requests.
fn takes(answer: &Answer, workload: &str) -> bool {
    let mut arrivals = answer.arrivals.iter().filter(|it| it.workload == workload).peekable();
    match arrivals.peek() {
        Some(_) => arrivals.any(|it| it.outcome.goes_on() && it.status.is_none()),
        // Workloads without a proxy answer for themselves.
        None => all_destinations(answer).any(|it| it.problem.is_none() && it.workloads.iter().any(|it| it == workload)),
    }
}

fn all_destinations(answer: &Answer) -> impl Iterator<Item = &ReachedCluster> {
    let gets_some = |it: &&ReachedCluster| it.weight.as_f64().is_none_or(|weight| weight > 0.0);
    let legs = answer.legs.iter().flat_map(|leg| &leg.destinations);
    answer.destinations.iter().chain(legs).filter(gets_some)
}

impl Aim {
    /// Whether an answer shows it.
    pub fn is_shown_by(&self, answer: &Answer) -> bool {
        match self {
            Self::Ending(targets) => targets.iter().any(|target| target.is_end_of(answer)),
            Self::EndingElsewhere(ends) => ends_elsewhere(answer, ends),
            Self::ArrivingElsewhere(ends) => arrives_elsewhere(answer, ends),
            Self::Routed => answer.route.is_some(),
        }
    }

    /// Whether an answer with a decision can show it, if the requests do not go on through another gateway.
    pub fn may_be_shown_by(&self, decision: &Decision) -> bool {
        let alone = Answer::of_decision(decision.clone());
        let may_be_stopped = decision.outcome.goes_on()
            && match self {
                Self::Ending(targets) => targets.iter().any(Target::is_stop),
                Self::EndingElsewhere(_) => true,
                Self::ArrivingElsewhere(_) | Self::Routed => false,
            };
        may_be_stopped || self.is_shown_by(&alone)
    }

    /// Whether a policy that denies requests can bring the answer about.
    pub fn is_shown_by_denial(&self) -> bool {
        match self {
            Self::Ending(targets) => targets.iter().any(Target::is_denial),
            Self::EndingElsewhere(ends) => !ends.contains(&Expectation::Outcome(Outcome::Denied)),
            Self::ArrivingElsewhere(_) | Self::Routed => false,
        }
    }

    /// Whether other requests of the same rule may show it, because policies decide by the request.
    pub fn may_depend_on_policies(&self, answer: &Answer) -> bool {
        is_denied(answer) || self.is_shown_by_denial()
    }
}
