//! The results of `mesh test` as JUnit.

use std::collections::BTreeMap;
use std::io;

use super::asked;
use super::xml::{Document, Element};
use crate::cases::{CaseResult, Failure};

/// Writes the output of `mesh test --format junit`: a suite for each file, and its cases.
pub fn test(results: &[CaseResult<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    let mut by_file: BTreeMap<&str, Vec<&CaseResult<'_>>> = BTreeMap::new();
    for result in results {
        by_file.entry(&result.case.file).or_default().push(result);
    }
    let failed = |results: &[&CaseResult<'_>]| results.iter().filter(|it| !it.failures.is_empty()).count();
    let suite = |(file, results): (&&str, &Vec<&CaseResult<'_>>)| {
        Element::new("testsuite")
            .attribute("name", file)
            .attribute("tests", &results.len().to_string())
            .attribute("failures", &failed(results).to_string())
            .attribute("errors", "0")
            .children(results.iter().map(|result| case(result)).collect())
    };
    let all: Vec<&CaseResult<'_>> = results.iter().collect();
    let root = Element::new("testsuites")
        .attribute("name", "mesh test")
        .attribute("tests", &results.len().to_string())
        .attribute("failures", &failed(&all).to_string())
        .attribute("errors", "0")
        .children(by_file.iter().map(suite).collect());
    Document(root).write(out)
}

fn case(result: &CaseResult<'_>) -> Element {
    let element = Element::new("testcase")
        .attribute("name", &format!("{} (line {})", result.case.name, result.case.line))
        .attribute("classname", &result.case.file);
    let Some(first) = result.failures.first() else { return element };
    let message =
        first.differences.first().map(|it| format!("{}: expected {}, got {}", it.field, it.expected, it.actual));
    let details: Vec<String> = result.failures.iter().map(details).collect();
    element.child(
        Element::new("failure")
            .attribute("message", &message.unwrap_or_default())
            .attribute("type", "failure")
            .text(&details.join("\n")),
    )
}

fn details(failure: &Failure) -> String {
    let asked = match &failure.asked {
        Ok(request) => asked::line(request),
        Err(words) => words.clone(),
    };
    let lines =
        failure.differences.iter().map(|it| format!("\n  {}: expected {}, got {}", it.field, it.expected, it.actual));
    let place = failure.place.as_ref().map(|place| format!("\n  by {place}")).unwrap_or_default();
    format!("{asked}{}{place}", lines.collect::<String>())
}
