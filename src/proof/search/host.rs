//! The search among the rules for a host.

use super::admission::Passage;
use super::{Judged, Open, Search, Shown};
use crate::proof::hosts::HostGroup;
use crate::proof::rules::{HostRules, Rule};
use crate::proof::{conditions, connections, witness};
use crate::routing::{MatchCondition, MatchSubject};
use crate::simulate::{Decision, Outcome, Request};
use crate::symbolic::{Matches, Meeting, Shape, Witness};

/// The rules of a proxy for a host, and the requests on a connection that they take.
pub struct HostSearch<'h, 'a> {
    pub connection: &'h Request,
    pub group: &'h HostGroup<'h, 'a>,
    pub rules: HostRules<'h, 'a>,
    /// Whether all requests on the connection are treated alike, whatever their host.
    pub is_whole: bool,
}

/// The requests that rules and conditions tell apart. The shapes of the rules come first.
struct Space<'s> {
    matches: Matches<'s>,
    /// The shapes that all requests of the search meet.
    always: Vec<usize>,
    /// The first of the other shapes.
    more: usize,
    names_scheme: bool,
}

impl<'s> Space<'s> {
    fn new(
        lists: &[&'s [MatchCondition]],
        authority: Option<&'s MatchCondition>,
        more: &[&'s [MatchCondition]],
    ) -> Self {
        let shape =
            |conditions: &'s [MatchCondition]| Shape { conditions: conditions.iter().collect(), proxy: Vec::new() };
        let mut shapes: Vec<Shape<'s>> = lists.iter().copied().map(shape).collect();
        let mut always = vec![shapes.len() - 1];
        if let Some(condition) = authority {
            always.push(shapes.len());
            shapes.push(Shape { conditions: vec![condition], proxy: Vec::new() });
        }
        let first = shapes.len();
        shapes.extend(more.iter().copied().map(shape));
        let is_scheme = |condition: &&MatchCondition| condition.subject == MatchSubject::Scheme;
        let names_scheme = shapes.iter().flat_map(|shape| &shape.conditions).any(is_scheme);
        Self { matches: Matches::of_shapes(shapes, &[]), always, more: first, names_scheme }
    }

    /// Searches for a request that meets some shapes, and none of the first rules.
    fn meet(&self, shapes: &[usize], earlier: usize) -> Meeting {
        self.meet_except(shapes, earlier, &[])
    }

    /// Searches for a request that meets some shapes, none of the first rules, and none of some others.
    fn meet_except(&self, shapes: &[usize], earlier: usize, except: &[usize]) -> Meeting {
        let all: Vec<usize> = self.always.iter().chain(shapes).copied().collect();
        let others: Vec<usize> = (0..earlier).chain(except.iter().copied()).collect();
        self.matches.meet(&all, &others, "GET")
    }

    /// The rules before one that take requests which it could take.
    fn overlapping(&self, number: usize) -> Vec<usize> {
        let all: Vec<usize> = self.always.iter().copied().chain([number]).collect();
        self.matches.overlapping(&all, &(0..number).collect::<Vec<_>>())
    }
}

impl<'h, 'a> HostSearch<'h, 'a> {
    /// Searches for a request of each rule that shows the aim.
    pub fn run(&self, search: &mut Search<'_, 'a>) {
        let mut may_show: Vec<usize> = Vec::new();
        for (number, rule) in self.rules.rules.iter().enumerate() {
            if search.is_known(rule) {
                continue;
            }
            match decision(rule) {
                Ok(decision) if search.may_be_shown_by(&decision) => may_show.push(number),
                Ok(_) => {}
                Err(error) => search.give_up(error),
            }
        }
        if may_show.is_empty() && search.found.is_meant {
            return;
        }
        let mut lists: Vec<&[MatchCondition]> = self.rules.rules.iter().map(|rule| rule.conditions).collect();
        lists.push(search.question.conditions);
        let authority = self.group.authority(lists.iter().copied().flatten());
        let space = Space::new(&lists, authority.as_ref(), &[]);
        if !search.found.is_meant {
            search.found.is_meant = !matches!(space.meet(&[], 0), Meeting::Apart);
        }
        for number in may_show {
            if search.is_done() {
                return;
            }
            match self.find(search, &space, &lists, number) {
                Ok(None) => {}
                Ok(Some(shown)) => {
                    let condition = self.words(&space, number, search.question.conditions);
                    let place = self.rules.rules[number].place;
                    search.add(Shown { host: self.group.name().to_owned(), condition, place, ..shown });
                }
                Err(reason) => {
                    let place = search.place(self.rules.rules[number].place);
                    search.give_up(format!("host `{}`, {place}: {reason}", self.group.name()));
                }
            }
        }
    }

    /// Searches for a request of a rule. The error is the reason why it is not known whether there is one.
    fn find(
        &self,
        search: &mut Search<'_, 'a>,
        space: &Space<'_>,
        lists: &[&[MatchCondition]],
        number: usize,
    ) -> Result<Option<Shown>, String> {
        let rule = &self.rules.rules[number];
        let judged = match space.meet(&[number], number) {
            Meeting::Apart => return Ok(None),
            Meeting::Undecided => return Err("the search would take too long".to_owned()),
            Meeting::Some(None) => return Err("no request could be found that the rule takes".to_owned()),
            Meeting::Some(Some(found)) => search.judge(Some(rule), &self.request(&found, space.names_scheme)),
        };
        let Open { reason, hints, passages } = match judged {
            Judged::Shown(shown) => return Ok(Some(*shown)),
            Judged::NotShown => return Ok(None),
            Judged::Open(open) => open,
        };
        let is_exhaustive = passages.is_some();
        let hinted = hints.into_iter().map(|meets| Passage { meets, except: Vec::new() });
        let tried: Vec<(Passage, bool)> =
            passages.unwrap_or_default().into_iter().map(|it| (it, true)).chain(hinted.map(|it| (it, false))).collect();
        let all = || tried.iter().flat_map(|(passage, _)| passage.except.iter().chain([&passage.meets]));
        let authority = self.group.authority(lists.iter().copied().chain(all().map(Vec::as_slice)).flatten());
        let more: Vec<&[MatchCondition]> = all().map(Vec::as_slice).collect();
        let space = Space::new(lists, authority.as_ref(), &more);
        let (mut next, mut are_apart) = (space.more, true);
        for (passage, is_needed) in &tried {
            let except: Vec<usize> = (next..next + passage.except.len()).collect();
            next += passage.except.len() + 1;
            let meeting = space.meet_except(&[number, next - 1], number, &except);
            are_apart &= !is_needed || meeting == Meeting::Apart;
            if let Meeting::Some(Some(found)) = meeting
                && let Judged::Shown(shown) = search.judge(Some(rule), &self.request(&found, space.names_scheme))
            {
                return Ok(Some(*shown));
            }
        }
        if is_exhaustive && are_apart { Ok(None) } else { Err(reason) }
    }

    /// The request that a witness shows.
    fn request(&self, witness: &Witness, names_scheme: bool) -> Request {
        let request = witness::request(self.connection, &self.group.host, witness, names_scheme);
        match self.is_whole {
            true => Request { host: self.connection.host.clone(), ..request },
            false => request,
        }
    }

    /// The requests that a rule takes, in words.
    fn words(&self, space: &Space<'_>, number: usize, also: &[MatchCondition]) -> String {
        if self.is_whole {
            return connections::words(self.connection).to_owned();
        }
        let own = self.rules.rules[number].conditions;
        let exceptions = space
            .overlapping(number)
            .into_iter()
            .map(|other| self.rules.rules[other].conditions)
            .filter(|other| !conditions::disagree(own, other))
            .map(|other| conditions::words(other, &[]));
        conditions::words_unless(conditions::words(own, also), exceptions.collect())
    }
}

/// The fate of the requests of a rule. The error says why istiod gives the route no action.
fn decision(rule: &Rule<'_, '_>) -> Result<Decision, String> {
    match &rule.treatment {
        Some(Ok(treatment)) => Ok(treatment.decision().clone()),
        Some(Err(error)) => Err(error.clone()),
        None => Ok(Decision { status: Some(404), ..Decision::new(Outcome::NoRoute) }),
    }
}
