//! The policies of a workload as a table, of which the first clause that takes a request decides.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::super::escape::{Escape, MOST_COMPARISONS};
use super::super::reach::{MOST_COMPARISONS_TOGETHER, MOST_PRUNED};
use super::super::region::Region;
use super::super::space::{RequestBox, Space};
use super::axes::{Axes, Known};
use super::witness::PolicyWitness;
use crate::policy::{ClauseEffect, FacetCondition, PolicyClause, WorkloadPolicies};

/// The most combinations of a source and an operation of one rule.
const MOST_ALTERNATIVES: usize = 1_000;

/// The verdict of policies on a request. Tokens are not considered: a RequestAuthentication rejects an invalid one before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyVerdict {
    /// The request is allowed.
    Allowed,
    /// The request is denied.
    Denied,
    /// An external authorizer decides, by the name of its provider.
    External(String),
}

/// Whether a clause gets to decide about a request.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyReach {
    /// It does. Here is one, if one is easily found.
    Reached(Option<Box<PolicyWitness>>),
    /// No request meets its conditions.
    Impossible,
    /// Other clauses, by number, decide about all of its requests.
    TakenBy(Vec<usize>),
    /// The search would take too long, or the clause has placeholders.
    Undecided,
}

/// The clause that decides: its number, or none for the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// A clause.
    Clause(usize),
    /// No clause: the requests are allowed, or denied if there are ALLOW policies.
    Default,
}

/// The policies of a workload: for requests, or for connections that are not HTTP.
#[derive(Debug)]
pub struct PolicyTable<'p, 'a> {
    /// The rules: CUSTOM, DENY, ALLOW.
    pub clauses: Vec<PolicyClause<'p, 'a>>,
    /// Whether requests that no rule matches are denied.
    pub denies_by_default: bool,
    /// Whether the remarks about the policies leave open which of them apply, or rules are unknown.
    pub is_incomplete: bool,
    known: Known,
    /// The combinations of conditions of each clause; `None` if they are too many, or unknown.
    pub(super) alternatives: Vec<Option<Vec<Vec<FacetCondition>>>>,
    own: ClauseSpace,
}

/// The requests of some clauses, which can be compared.
#[derive(Debug)]
pub(super) struct ClauseSpace {
    pub space: Space,
    /// The boxes of each clause; `None` if they are unknown.
    pub boxes: Vec<Option<Vec<usize>>>,
    known: Known,
    /// The comparisons that are left for all searches.
    left: Cell<u64>,
}

/// The result of a search for a request.
pub(super) enum Search {
    Found(Option<Box<PolicyWitness>>),
    /// There is none, and these boxes prove it.
    None(BTreeSet<usize>),
    Undecided,
}

impl<'p, 'a> PolicyTable<'p, 'a> {
    /// The policies of a workload, for HTTP requests or for other connections.
    pub fn new(policies: &'p WorkloadPolicies<'a>, is_tcp: bool) -> Self {
        let clauses = policies.clauses(is_tcp);
        let issuers = if is_tcp { Vec::new() } else { policies.issuers() };
        let is_incomplete = policies.has_notes();
        let known = Known { issuers: Some(issuers), trust_domain: policies.trust_domain().to_owned() };
        Self::of_clauses(clauses, policies.denies_by_default(), known, is_incomplete)
    }

    /// Some rules that apply to the same workloads. Whether proxies read tokens, and of which issuers, is not known.
    pub fn of_rules(clauses: Vec<PolicyClause<'p, 'a>>, trust_domain: &str) -> Self {
        let known = Known { issuers: None, trust_domain: trust_domain.to_owned() };
        Self::of_clauses(clauses, false, known, false)
    }

    fn of_clauses(
        clauses: Vec<PolicyClause<'p, 'a>>,
        denies_by_default: bool,
        known: Known,
        is_incomplete: bool,
    ) -> Self {
        let alternatives: Vec<_> = clauses.iter().map(|clause| clause.alternatives(MOST_ALTERNATIVES)).collect();
        let is_incomplete = is_incomplete || clauses.iter().any(PolicyClause::is_unknown);
        let own = ClauseSpace::new(alternatives.iter(), &known);
        Self { clauses, denies_by_default, is_incomplete, known, alternatives, own }
    }

    /// Facts about all requests.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The number of boxes, for measurements.
    pub fn size(&self) -> usize {
        self.own.boxes.iter().flatten().map(Vec::len).sum()
    }

    /// The clauses with some effects.
    pub fn with(&self, is_wanted: impl Fn(&ClauseEffect) -> bool) -> Vec<usize> {
        (0..self.clauses.len()).filter(|number| is_wanted(&self.clauses[*number].effect)).collect()
    }

    /// The decisions in the order in which they are made. CUSTOM rules that ask an authorizer are not among them: they
    /// decide beside the others.
    pub fn decisions(&self) -> Vec<Decision> {
        let clauses = self.with(|effect| !matches!(effect, ClauseEffect::Asks(_))).into_iter();
        clauses.map(Decision::Clause).chain([Decision::Default]).collect()
    }

    /// The verdict of a decision, if no authorizer is asked.
    pub fn verdict(&self, decision: Decision) -> PolicyVerdict {
        let is_allowed = match decision {
            Decision::Clause(number) => self.clauses[number].effect == ClauseEffect::Allows,
            Decision::Default => !self.denies_by_default,
        };
        if is_allowed { PolicyVerdict::Allowed } else { PolicyVerdict::Denied }
    }

    /// The clauses that come before a decision. A CUSTOM rule that asks an authorizer is asked unless an earlier one matches,
    /// or a CUSTOM rule denies.
    pub fn before(&self, decision: Decision) -> Vec<usize> {
        match decision {
            Decision::Default => self.with(|effect| !matches!(effect, ClauseEffect::Asks(_))),
            Decision::Clause(number) => match self.clauses[number].effect {
                ClauseEffect::Asks(_) | ClauseEffect::Refuses => {
                    self.with(|effect| matches!(effect, ClauseEffect::Asks(_) | ClauseEffect::Refuses))
                }
                _ => self.with(|effect| !matches!(effect, ClauseEffect::Asks(_))),
            }
            .into_iter()
            .filter(|other| *other < number)
            .collect(),
        }
    }

    /// Says whether a decision is made about some request: no other one is made before it.
    pub fn reach(&self, decision: Decision) -> PolicyReach {
        self.reach_past(decision, &self.before(decision))
    }

    /// Whether two clauses may match the same request.
    pub fn may_meet(&self, one: usize, other: usize) -> bool {
        !matches!(self.own.meet(&[one, other], &[]), Search::None(_))
    }

    /// Says whether a decision is made about some request if the given clauses come before it.
    pub fn reach_past(&self, decision: Decision, earlier: &[usize]) -> PolicyReach {
        let all = match decision {
            Decision::Clause(number) => vec![number],
            Decision::Default => Vec::new(),
        };
        match self.own.meet(&all, earlier) {
            Search::Found(witness) => PolicyReach::Reached(witness),
            Search::Undecided => PolicyReach::Undecided,
            Search::None(covers) if covers.is_empty() => PolicyReach::Impossible,
            Search::None(covers) => PolicyReach::TakenBy(self.fewest(&all, self.own.clauses_of(&covers))),
        }
    }

    /// Whether the conditions of a clause take all requests.
    pub fn takes_everything(&self, number: usize) -> bool {
        let boxes = self.own.boxes[number].iter().flatten();
        boxes.into_iter().any(|at| self.own.space.request_box(*at).literals.is_empty())
    }

    /// Leaves out what a proof does not need, the last ones first.
    fn fewest(&self, all: &[usize], covers: Vec<usize>) -> Vec<usize> {
        let is_proof = |clauses: &[usize]| matches!(self.own.meet(all, clauses), Search::None(_));
        if let Some(alone) = covers.iter().find(|alone| is_proof(&[**alone])) {
            return vec![*alone];
        }
        let mut kept = covers;
        for at in (0..kept.len()).rev().take(MOST_PRUNED) {
            let mut fewer = kept.clone();
            fewer.remove(at);
            if is_proof(&fewer) {
                kept = fewer;
            }
        }
        kept
    }
}

impl ClauseSpace {
    /// The requests that some clauses tell apart, by their combinations of conditions.
    pub fn new<'c>(clauses: impl Iterator<Item = &'c Option<Vec<Vec<FacetCondition>>>> + Clone, known: &Known) -> Self {
        let axes = Axes::new(clauses.clone().flatten().flatten().flatten(), known);
        let all = Region::all(axes.axes.iter().map(|axis| axis.possible.clone()));
        let mut found = Vec::new();
        let mut boxes = Vec::new();
        for alternatives in clauses {
            boxes.push(alternatives.as_ref().map(|alternatives| {
                let first = found.len();
                for conditions in alternatives {
                    let literals = conditions.iter().filter_map(|condition| axes.literal(condition).cloned());
                    found.push(RequestBox::new(literals.collect(), &all));
                }
                (first..found.len()).collect()
            }));
        }
        let left = Cell::new(MOST_COMPARISONS_TOGETHER);
        Self { space: Space::of_boxes(axes.axes, found), boxes, known: known.clone(), left }
    }

    /// Searches for a request that all of some clauses take, and none of others.
    pub fn meet(&self, all: &[usize], none: &[usize]) -> Search {
        let mut regions = vec![self.space.all()];
        for number in all {
            let Some(boxes) = &self.boxes[*number] else { return Search::Undecided };
            let within = |region: &Region| {
                let of_box = |at: &usize| self.space.request_box(*at).within(region);
                boxes.iter().filter_map(of_box).collect::<Vec<_>>()
            };
            regions = regions.iter().flat_map(within).collect();
        }
        let away: Vec<usize> = none.iter().flat_map(|number| self.boxes[*number].iter().flatten()).copied().collect();
        // Nobody knows which requests an unknown clause takes.
        let is_open = none.iter().any(|number| self.boxes[*number].is_none());
        let mut covers = BTreeSet::new();
        let mut is_undecided = false;
        for region in regions {
            match self.escape(region, &away) {
                Escape::Covered(boxes) => covers.extend(boxes),
                Escape::Undecided => is_undecided = true,
                Escape::Found(_) if is_open => is_undecided = true,
                Escape::Found(region) => {
                    return Search::Found(PolicyWitness::of(&self.space, &region, &self.known).map(Box::new));
                }
            }
        }
        if is_undecided { Search::Undecided } else { Search::None(covers) }
    }

    fn escape(&self, region: Region, away: &[usize]) -> Escape {
        let budget = self.left.get().min(MOST_COMPARISONS);
        let mut left = budget;
        let escape = self.space.escape(region, away, &mut left);
        self.left.set(self.left.get() - (budget - left));
        escape
    }

    fn clauses_of(&self, covers: &BTreeSet<usize>) -> Vec<usize> {
        let has = |boxes: &Option<Vec<usize>>| boxes.iter().flatten().any(|at| covers.contains(at));
        (0..self.boxes.len()).filter(|number| has(&self.boxes[*number])).collect()
    }
}
