//! A class of requests that two meshes treat differently.

use std::collections::{BTreeSet, HashMap};

use super::Diff;
use super::connections::Connections;
use crate::proof::context;
use crate::proof::vantage::Vantage;
use crate::simulate::{Answer, Aspect, Outcome, Request, Simulator};
use crate::source::Span;

/// A class of requests that two meshes treat differently.
#[derive(Debug, Clone)]
pub struct Change {
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The meshes that are changed like this.
    pub meshes: Vec<String>,
    /// The hosts, in the form in which a virtual host has them; the workload for a change at the sidecar of a server.
    pub hosts: Vec<String>,
    /// Where the requests start: gateways, or the mesh with the namespaces of the clients. `the sidecar of
    /// the server` for a change there.
    pub context: String,
    /// The requests, in words; empty for all of them.
    pub condition: String,
    /// One of them.
    pub witness: Request,
    /// The answer of the old mesh to it.
    pub before: Answer,
    /// The answer of the new mesh to it.
    pub after: Answer,
    /// The aspects that differ.
    pub aspects: BTreeSet<Aspect>,
}

/// The kind of a change, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The requests reached a destination, and do not any more.
    NowUnreachable,
    /// Other destinations, or other shares of them.
    DestinationChanged,
    /// The same destinations, treated differently, or another answer of the proxy.
    ActionChanged,
    /// The requests reached no destination before.
    NowReachable,
}

impl ChangeKind {
    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NowUnreachable => "now-unreachable",
            Self::DestinationChanged => "destination-changed",
            Self::ActionChanged => "action-changed",
            Self::NowReachable => "now-reachable",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::NowUnreachable => "no longer reachable",
            Self::DestinationChanged => "other destination",
            Self::ActionChanged => "treated differently",
            Self::NowReachable => "newly reachable",
        }
    }

    fn of(before: &Answer, after: &Answer, aspects: &BTreeSet<Aspect>, host: &str) -> Self {
        match (reaches(before, host), reaches(after, host)) {
            (true, false) => Self::NowUnreachable,
            (false, true) => Self::NowReachable,
            (true, true) if aspects.contains(&Aspect::Destinations) || aspects.contains(&Aspect::Endpoints) => {
                Self::DestinationChanged
            }
            _ => Self::ActionChanged,
        }
    }
}

impl Change {
    /// Whether only requests with several lines of a header are changed, which hardly anybody sends.
    pub(super) fn is_rare(&self) -> bool {
        self.witness.headers.values().any(|value| value.values().len() > 1)
    }
}

/// Whether some of the requests can reach a destination, as far as the manifests show.
fn reaches(answer: &Answer, host: &str) -> bool {
    match answer.outcome {
        // Nobody but the mesh knows where the hosts of the cluster are.
        Outcome::Passthrough if host.contains(".svc.") => false,
        Outcome::Forward => answer.destinations.iter().any(|it| it.problem.is_none() || it.is_unknown),
        outcome => outcome.goes_on(),
    }
}

/// The rules that take a class of requests: the places of the routes, and the host if neither mesh has a route.
pub(super) type Taken = (Option<Span>, Option<Span>, String);

/// The changes that were found so far.
pub(super) struct Found<'f, 'a> {
    pub old: &'f Simulator<'a>,
    pub new: &'f Simulator<'a>,
    pub vantages: &'f [Vantage],
    pub diff: Diff,
    /// The changes by the rules that take the requests, with the vantages of each.
    known: HashMap<Taken, Vec<usize>>,
    seen_from: Vec<BTreeSet<usize>>,
    /// The kinds of connections of each change, with their ports.
    connections: Vec<Connections>,
}

/// The requests like one that shows a change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Requests<'c> {
    /// Those that meet a condition.
    Meeting(&'c str),
    /// All of a kind of connection to a port; `None` for a port that no mesh mentions.
    On(&'c str, Option<u32>),
}

/// A request that may show a change.
pub(super) struct Candidate<'c> {
    pub taken: &'c Taken,
    /// The vantage; `None` at the sidecar of a server.
    pub vantage: Option<usize>,
    pub host: &'c str,
    pub requests: Requests<'c>,
    /// The aspects that differ.
    pub aspects: &'c BTreeSet<Aspect>,
}

impl<'f, 'a> Found<'f, 'a> {
    pub fn new(old: &'f Simulator<'a>, new: &'f Simulator<'a>, vantages: &'f [Vantage]) -> Self {
        Self {
            old,
            new,
            vantages,
            diff: Diff::default(),
            known: HashMap::new(),
            seen_from: Vec::new(),
            connections: Vec::new(),
        }
    }

    /// The answers of both meshes to a request, if both give one.
    pub fn answers(&self, request: &Request) -> Option<(Answer, Answer)> {
        Some((self.old.simulate(request).ok()?, self.new.simulate(request).ok()?))
    }

    /// The requests that show what is known about some rules.
    pub fn known_witnesses(&self, taken: &Taken) -> Vec<Request> {
        let known = self.known.get(taken).into_iter().flatten();
        known.map(|index| self.diff.changes[*index].witness.clone()).collect()
    }

    /// Adds a change that a request shows.
    pub fn add(&mut self, candidate: &Candidate<'_>, witness: Request, (before, after): (Answer, Answer)) {
        let Candidate { taken, vantage, host, requests, aspects } = *candidate;
        let condition = match requests {
            Requests::Meeting(condition) => condition,
            Requests::On(..) => "",
        };
        let kind = ChangeKind::of(&before, &after, aspects, host);
        let known = self.known.entry(taken.clone()).or_default();
        let changes = &mut self.diff.changes;
        let is_same = |it: &Change| it.kind == kind && it.aspects == *aspects && it.condition == condition;
        if let Some(index) = known.iter().copied().find(|index| is_same(&changes[*index])) {
            if !changes[index].hosts.iter().any(|known| known == host) {
                changes[index].hosts.push(host.to_owned());
            }
            self.seen_from[index].extend(vantage);
            self.connections[index].add(requests);
            return;
        }
        known.push(changes.len());
        changes.push(Change {
            kind,
            meshes: Vec::new(),
            hosts: vec![host.to_owned()],
            context: String::new(),
            condition: condition.to_owned(),
            witness,
            before,
            after,
            aspects: aspects.clone(),
        });
        self.seen_from.push(vantage.into_iter().collect());
        self.connections.push(Connections::default());
        self.connections.last_mut().into_iter().for_each(|it| it.add(requests));
    }

    /// The difference, in order.
    pub fn finish(mut self) -> Diff {
        let connections = self.connections.iter().map(Connections::words);
        for ((change, seen_from), words) in self.diff.changes.iter_mut().zip(&self.seen_from).zip(connections) {
            if change.condition.is_empty() {
                change.condition = words;
            }
            change.context = match seen_from.is_empty() {
                true => "the sidecar of the server".to_owned(),
                false => context::words(self.vantages, seen_from),
            };
        }
        if !self.diff.settings.is_empty() {
            let reason = "settings of clusters differ: what they do depends on load and failures, which no file shows";
            self.diff.incomplete.insert(reason.to_owned());
        }
        self.diff.changes.sort_by_key(|it| (it.kind, it.is_rare()));
        self.diff
    }
}
