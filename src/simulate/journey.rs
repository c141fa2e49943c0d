//! The gateways that a request was followed through, so that each question to one of them is answered once.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::answer::Answer;

/// Most visits of gateways for one answer. Two gateways that rewrite paths in different ways ask ever new questions.
const MOST_VISITS: usize = 64;

/// The visits of gateways for one answer, on all ways.
#[derive(Debug, Default)]
pub(super) struct Journey(RefCell<Visits>);

#[derive(Debug, Default)]
struct Visits {
    /// The numbers of the visits, by what the gateway is asked.
    numbers: HashMap<String, usize>,
    /// The visits; `None` for those that are not answered yet.
    answered: Vec<Option<Rc<Visit>>>,
    /// The numbers of the visits since the first proxy, or since the gateway that is asked now, in order.
    followed: Vec<usize>,
    /// The legs that the answer has, by the cluster of the first proxy that leads there.
    shown: BTreeSet<(String, usize)>,
}

/// A visit of a gateway.
#[derive(Debug)]
pub(super) struct Visit {
    /// The answer of the gateway, without the gateways after it. The error is the reason why there is none.
    pub answer: Result<Answer, String>,
    /// The numbers of this visit and of those after it, in order.
    way: Vec<usize>,
}

/// The visit of a gateway, before the gateway is asked.
pub(super) enum Step {
    /// The gateway was asked the same on another way.
    Known(Rc<Visit>),
    /// The gateway is asked the first time. [`Journey::arrive`] takes the number, and the number of the visits before.
    New(usize, usize),
    /// The answer has too many visits.
    TooMany,
}

impl Journey {
    /// The most visits.
    pub const MOST: usize = MOST_VISITS;

    /// Begins to ask a gateway.
    pub fn depart(&self, asked: String) -> Step {
        let mut visits = self.0.borrow_mut();
        let known = visits.numbers.get(&asked).and_then(|number| visits.answered[*number].clone());
        if let Some(known) = known {
            visits.followed.extend(&known.way);
            return Step::Known(known);
        }
        let number = visits.answered.len();
        if number >= MOST_VISITS {
            return Step::TooMany;
        }
        visits.numbers.insert(asked, number);
        visits.answered.push(None);
        Step::New(number, visits.followed.len())
    }

    /// Keeps the answer of a gateway.
    pub fn arrive(&self, number: usize, before: usize, answer: Result<Answer, String>) -> Rc<Visit> {
        let mut visits = self.0.borrow_mut();
        let mut seen = BTreeSet::new();
        let after = visits.followed.split_off(before);
        let way: Vec<usize> = std::iter::once(number).chain(after).filter(|number| seen.insert(*number)).collect();
        visits.followed.extend(&way);
        let visit = Rc::new(Visit { answer, way });
        visits.answered[number] = Some(Rc::clone(&visit));
        visit
    }

    /// The answers of the gateways to which a cluster of the first proxy leads through a visit, if they are not shown yet.
    pub fn legs(&self, via: &str, visit: &Visit) -> Vec<Answer> {
        let mut visits = self.0.borrow_mut();
        visits.followed.clear();
        let mut legs = Vec::new();
        for number in &visit.way {
            if visits.shown.insert((via.to_owned(), *number))
                && let Some(Ok(answer)) = visits.answered[*number].as_ref().map(|visit| &visit.answer)
            {
                legs.push(Answer { via: Some(via.to_owned()), ..answer.clone() });
            }
        }
        legs
    }
}
