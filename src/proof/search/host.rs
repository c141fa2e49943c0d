//! The search among the rules for a host.

use super::{Conditions, Judged, Open, Search, Shown};
use crate::proof::hosts::HostGroup;
use crate::proof::rules::{HostRules, Rule};
use crate::proof::{conditions, witness};
use crate::routing::{MatchCondition, MatchSubject};
use crate::simulate::{Decision, Outcome, Request};
use crate::symbolic::{Matches, Meeting, Shape};

/// The most rules that the words for a class of requests except.
const MOST_EXCEPTIONS: usize = 2;

/// The rules of a proxy for a host, and the requests on a connection that they take.
pub struct HostSearch<'h, 'a> {
    pub connection: &'h Request,
    pub group: &'h HostGroup<'h, 'a>,
    pub rules: HostRules<'h, 'a>,
}

/// The requests that rules and conditions tell apart. The shapes of the rules come first.
struct Space<'s> {
    matches: Matches<'s>,
    /// The shapes that all requests of the search meet.
    always: Vec<usize>,
    /// The shapes of hints.
    hints: Vec<usize>,
    names_scheme: bool,
}

impl<'s> Space<'s> {
    fn new(lists: &[&'s [MatchCondition]], authority: Option<&'s MatchCondition>, hints: &'s [Conditions]) -> Self {
        let shape =
            |conditions: &'s [MatchCondition]| Shape { conditions: conditions.iter().collect(), proxy: Vec::new() };
        let mut shapes: Vec<Shape<'s>> = lists.iter().copied().map(shape).collect();
        let mut always = vec![shapes.len() - 1];
        if let Some(condition) = authority {
            always.push(shapes.len());
            shapes.push(Shape { conditions: vec![condition], proxy: Vec::new() });
        }
        let first = shapes.len();
        shapes.extend(hints.iter().map(|hint| shape(hint)));
        let is_scheme = |condition: &&MatchCondition| condition.subject == MatchSubject::Scheme;
        let names_scheme = shapes.iter().flat_map(|shape| &shape.conditions).any(is_scheme);
        let hints = (first..shapes.len()).collect();
        Self { matches: Matches::of_shapes(shapes, &[]), always, hints, names_scheme }
    }

    /// Searches for a request that meets some shapes, and none of the first rules.
    fn meet(&self, shapes: &[usize], earlier: usize) -> Meeting {
        let all: Vec<usize> = self.always.iter().chain(shapes).copied().collect();
        self.matches.meet(&all, &(0..earlier).collect::<Vec<_>>(), "GET")
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
                    search.give_up(format!("host `{}`, {place}: {reason}", self.group.host));
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
        let request =
            |witness, names_scheme| witness::request(self.connection, &self.group.host, &witness, names_scheme);
        let judged = match space.meet(&[number], number) {
            Meeting::Apart => return Ok(None),
            Meeting::Undecided => return Err("the search would take too long".to_owned()),
            Meeting::Some(None) => return Err("no request could be found that the rule takes".to_owned()),
            Meeting::Some(Some(found)) => search.judge(Some(rule), &request(found, space.names_scheme)),
        };
        let Open { reason, mut hints, passing } = match judged {
            Judged::Shown(shown) => return Ok(Some(*shown)),
            Judged::NotShown => return Ok(None),
            Judged::Open(open) => open,
        };
        let is_exhaustive = passing.is_some();
        let others = hints.len();
        hints.extend(passing.unwrap_or_default());
        let authority = self.group.authority(lists.iter().copied().chain(hints.iter().map(Vec::as_slice)).flatten());
        let space = Space::new(lists, authority.as_ref(), &hints);
        let mut all_fail = is_exhaustive;
        for (at, hint) in space.hints.iter().enumerate() {
            let meeting = space.meet(&[number, *hint], number);
            all_fail &= at < others || meeting == Meeting::Apart;
            if let Meeting::Some(Some(found)) = meeting
                && let Judged::Shown(shown) = search.judge(Some(rule), &request(found, space.names_scheme))
            {
                return Ok(Some(*shown));
            }
        }
        if all_fail { Ok(None) } else { Err(reason) }
    }

    /// The requests that a rule takes, in words.
    fn words(&self, space: &Space<'_>, number: usize, also: &[MatchCondition]) -> String {
        let own = self.rules.rules[number].conditions;
        let condition = conditions::words(own, also);
        let condition = if condition.is_empty() { "every request".to_owned() } else { condition };
        let mut exceptions: Vec<String> = space
            .overlapping(number)
            .into_iter()
            .map(|other| self.rules.rules[other].conditions)
            .filter(|other| !conditions::disagree(own, other))
            .map(|other| conditions::words(other, &[]))
            .collect();
        exceptions.dedup();
        match exceptions.len() {
            0 => condition,
            1..=MOST_EXCEPTIONS => format!("{condition}, unless {}", exceptions.join(" or ")),
            _ => format!("{condition}, unless an earlier rule takes it"),
        }
    }
}

/// What happens to the requests of a rule. The error says why istiod gives the route no action.
fn decision(rule: &Rule<'_, '_>) -> Result<Decision, String> {
    match &rule.treatment {
        Some(Ok(treatment)) => Ok(treatment.decision().clone()),
        Some(Err(error)) => Err(error.clone()),
        None => Ok(Decision { status: Some(404), ..Decision::new(Outcome::NoRoute) }),
    }
}
