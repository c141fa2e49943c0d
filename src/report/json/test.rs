//! The JSON of `mesh test`: schema `mesh.test/v1`.

use std::io;

use serde::Serialize;
use serde_json::Value;

use super::answer::AnswerObject;
use super::request::RequestObject;
use super::trace::StepObject;
use super::write;
use crate::cases::{CaseResult, Coverage, Difference, Failure, RoutePlace};
use crate::simulate::{Answer, Request};

/// Writes the output of `mesh test --format json`: one object, indented, with a newline at its end.
pub fn test(results: &[CaseResult<'_>], coverage: &Coverage, out: &mut dyn io::Write) -> io::Result<()> {
    let object = TestObject {
        schema: "mesh.test/v1",
        cases: results.iter().map(CaseObject::of).collect(),
        coverage: CoverageObject {
            routes: coverage.routes(),
            covered: coverage.covered(),
            uncovered: coverage.uncovered().into_iter().map(UncoveredObject::of).collect(),
        },
    };
    write(&object, out)
}

/// An answer as the result object.
pub fn answer_value(answer: &Answer) -> Value {
    serde_json::to_value(AnswerObject::of(answer)).unwrap_or_default()
}

/// A request as the request object.
pub fn request_value(request: &Request) -> Value {
    serde_json::to_value(RequestObject::of(request)).unwrap_or_default()
}

#[derive(Serialize)]
struct TestObject<'a> {
    schema: &'static str,
    cases: Vec<CaseObject<'a>>,
    coverage: CoverageObject<'a>,
}

/// A case.
#[derive(Serialize)]
struct CaseObject<'a> {
    file: &'a str,
    line: usize,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    passed: bool,
    inputs: usize,
    failures: Vec<FailureObject<'a>>,
}

/// A request that is not treated as expected.
#[derive(Serialize)]
struct FailureObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    differences: Vec<MismatchObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<AnswerObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace: Vec<StepObject<'a>>,
}

/// A value that is not as expected.
#[derive(Serialize)]
struct MismatchObject<'a> {
    field: &'a str,
    expected: &'a str,
    actual: &'a str,
}

/// The routes that cases reach.
#[derive(Serialize)]
struct CoverageObject<'a> {
    routes: usize,
    covered: usize,
    uncovered: Vec<UncoveredObject<'a>>,
}

/// A route that no case reaches.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UncoveredObject<'a> {
    virtual_service: &'a str,
    section: &'a str,
    index: usize,
    file: &'a str,
    line: usize,
}

impl<'a> CaseObject<'a> {
    fn of(result: &'a CaseResult<'a>) -> Self {
        let CaseResult { case, inputs, failures } = result;
        Self {
            file: &case.file,
            line: case.line,
            name: &case.name,
            mesh: case.mesh.as_deref(),
            passed: failures.is_empty(),
            inputs: *inputs,
            failures: failures.iter().map(FailureObject::of).collect(),
        }
    }
}

impl<'a> FailureObject<'a> {
    fn of(failure: &'a Failure) -> Self {
        let Failure { asked, differences, answer, place, mesh, considered } = failure;
        let mismatch =
            |it: &'a Difference| MismatchObject { field: &it.field, expected: &it.expected, actual: &it.actual };
        Self {
            mesh: mesh.as_deref(),
            request: asked.as_ref().ok().map(RequestObject::of),
            input: asked.as_ref().err().map(String::as_str),
            differences: differences.iter().map(mismatch).collect(),
            place: place.as_deref(),
            result: answer.as_deref().map(AnswerObject::of),
            trace: considered.iter().map(StepObject::of).collect(),
        }
    }
}

impl<'a> UncoveredObject<'a> {
    fn of(place: &'a RoutePlace) -> Self {
        let RoutePlace { resource, section, index, file, line } = place;
        Self { virtual_service: resource, section, index: *index, file, line: *line }
    }
}
