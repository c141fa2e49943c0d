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
        let named: Vec<Option<String>> = match case.mesh {
            Some(_) => meshes.of(case).into_iter().map(|(mesh, _)| Some(mesh.to_owned())).collect(),
            None => vec![None],
        };
        let asked = self.requests.iter().flat_map(|request| named.iter().map(move |mesh| (request, mesh)));
        let failures = asked.filter_map(|(request, mesh)| self.failure(meshes, request, mesh.as_deref(), coverage));
        (self.requests.len() * named.len(), failures.collect())
    }

    fn failure(
        &self,
        meshes: &Meshes<'_, '_>,
        request: &Request,
        mesh: Option<&str>,
        coverage: &mut Coverage,
    ) -> Option<Failure> {
        let mut asked = request.clone();
        asked.trace = true;
        asked.mesh = asked.mesh.or_else(|| mesh.map(str::to_owned));
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
        // A request that is not answered is not treated in another way.
        if self.is_negated && result.is_ok() {
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
            differences,
            answer: result.ok().map(Box::new),
            place,
            mesh: mesh.filter(|_| meshes.worlds.len() > 1).map(str::to_owned),
            ..Failure::of(Ok(request.clone()))
        })
    }
}
