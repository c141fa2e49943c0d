//! Cases about the answers for requests.

use serde_json::Value;

use super::{Case, Coverage, Difference, Failure, Meshes, json};
use crate::simulate::{self, Expectation, Request};

/// Requests, and the answer that each of them gets.
#[derive(Debug, Clone)]
pub struct AnswerCase {
    /// The requests.
    pub requests: Vec<Request>,
    /// The ends that the requests may have, as `mesh simulate --expect` names them.
    pub ends: Vec<Expectation>,
    /// Fields of the answer.
    pub fields: Value,
    /// Whether the answers must differ from the fields: those were recorded for something that should not happen.
    pub is_negated: bool,
}

impl AnswerCase {
    /// Runs the case, and returns the number of its requests, and those that are not answered as expected.
    pub(super) fn run(&self, meshes: &Meshes<'_, '_>, case: &Case, coverage: &mut Coverage) -> (usize, Vec<Failure>) {
        let failures = self.requests.iter().filter_map(|request| self.failure(meshes, case, request, coverage));
        (self.requests.len(), failures.collect())
    }

    fn failure(
        &self,
        meshes: &Meshes<'_, '_>,
        case: &Case,
        request: &Request,
        coverage: &mut Coverage,
    ) -> Option<Failure> {
        let mut asked = request.clone();
        asked.trace = true;
        asked.mesh = asked.mesh.or_else(|| case.mesh.clone());
        let result = meshes.simulators.simulate_in_one(&asked);
        if let Ok(answer) = &result {
            coverage.note_answer(answer);
        }
        let mut differences = Vec::new();
        if !self.ends.is_empty()
            && let Some(difference) = simulate::difference(&result, &self.ends)
        {
            let (expected, actual) = (difference.expected.join(" or "), difference.actual.join(", "));
            differences.push(Difference { field: "to".to_owned(), expected, actual });
        }
        match &result {
            Ok(answer) => json::differences("", &self.fields, &(meshes.describe)(answer), false, &mut differences),
            Err(unanswered) if self.ends.is_empty() => differences.push(Difference {
                field: "result".to_owned(),
                expected: "an answer".to_owned(),
                actual: unanswered.error.clone(),
            }),
            Err(_) => {}
        }
        if self.is_negated {
            differences = match differences.is_empty() {
                true => vec![Difference {
                    field: "result".to_owned(),
                    expected: "another one than that which was recorded".to_owned(),
                    actual: "the same".to_owned(),
                }],
                false => Vec::new(),
            };
        }
        let place = result.as_ref().ok().and_then(|answer| answer.route.as_ref());
        let place = place.map(|route| format!("{}:{}", route.file, route.match_line.unwrap_or(route.line)));
        (!differences.is_empty()).then(|| Failure {
            asked: Ok(request.clone()),
            differences,
            answer: result.ok().map(Box::new),
            place,
        })
    }
}
