//! Explanations of an answer: the way of the request, and what is nearest to something that is missing.
//!
//! They are found after the answer, so that requests without an explanation cost nothing.

mod at_gateway;
mod at_server;
mod direct;
mod looked_at;
mod nearest;
mod remarks;
mod way;

use super::question::Question;
use super::{Answer, Request, Simulator, Unanswered, naming};
use crate::source::Span;
use crate::world::World;

/// An answer with its explanation.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The path of the request, with its query string.
    pub path: String,
    /// The answer.
    pub result: Result<Answer, Unanswered>,
    /// The way of the request, in order: each proxy, what decides there, and the destinations.
    pub way: Vec<String>,
    /// Things that are there instead of something that is missing.
    pub hints: Vec<String>,
}

impl Explained {
    /// The answer to a request, with its explanation.
    pub(super) fn new(simulator: &Simulator<'_>, request: &Request) -> Self {
        let mut result = simulator.simulate(request).map(Answer::for_incomplete_manifests);
        let named = naming::resolve(simulator.world, request);
        let question = named.as_ref().map(|named| Question::new(&named.request, simulator));
        let (Ok(answer), Ok(Ok(question))) = (&mut result, &question) else {
            return Self::bare(result);
        };
        let way = way::of(simulator.world, question, answer);
        let hints = nearest::hints(simulator.world, question, answer);
        answer.note(remarks::of(simulator.world, question, answer));
        Self { path: question.http.path_and_query(), result, way, hints }
    }

    /// An answer without an explanation.
    pub(super) fn bare(result: Result<Answer, Unanswered>) -> Self {
        Self { path: String::new(), result, way: Vec::new(), hints: Vec::new() }
    }
}

/// `file:line`
fn place(world: &World<'_>, span: Span) -> String {
    world.snapshot.sources.place(span)
}
