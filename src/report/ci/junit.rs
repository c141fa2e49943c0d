//! Reports of JUnit, which most CI systems show as tests.

use std::collections::BTreeMap;
use std::io;

use super::Findings;
use crate::lint::Diagnostic;
use crate::report::xml::{Document, Element};
use crate::source::FileId;

/// Writes the output of `mesh lint --output junit`: a suite for each file, a case for each of its findings. Those that fail the
/// run are failures. A file without findings has one case, which passes.
pub fn junit(findings: &Findings<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut by_file: BTreeMap<FileId, Vec<&Diagnostic>> =
        findings.sources.iter().map(|(file, _)| (file, Vec::new())).collect();
    for diagnostic in &findings.report.diagnostics {
        by_file.entry(diagnostic.span.file).or_default().push(diagnostic);
    }
    let suites: Vec<Element> = by_file.iter().map(|(file, found)| suite(findings, *file, found)).collect();
    let total =
        |of: &dyn Fn(&[&Diagnostic]) -> usize| by_file.values().map(|found| of(found)).sum::<usize>().to_string();
    let fails = |found: &[&Diagnostic]| found.iter().filter(|it| it.severity >= findings.fail_on).count();
    let root = Element::new("testsuites")
        .attribute("name", "mesh lint")
        .attribute("tests", &total(&|found| found.len().max(1)))
        .attribute("failures", &total(&fails))
        .attribute("errors", "0")
        .children(suites);
    Document(root).write(out)
}

fn suite(findings: &Findings<'_>, file: FileId, found: &[&Diagnostic]) -> Element {
    let path = findings.path(file);
    let cases: Vec<Element> = match found {
        [] => vec![Element::new("testcase").attribute("name", "no findings").attribute("classname", &path)],
        found => found.iter().map(|diagnostic| case(findings, &path, diagnostic)).collect(),
    };
    let failures = found.iter().filter(|diagnostic| diagnostic.severity >= findings.fail_on).count();
    Element::new("testsuite")
        .attribute("name", &path)
        .attribute("tests", &cases.len().to_string())
        .attribute("failures", &failures.to_string())
        .attribute("errors", "0")
        .children(cases)
}

fn case(findings: &Findings<'_>, path: &str, diagnostic: &Diagnostic) -> Element {
    let line = findings.sources.start(diagnostic.span).line;
    let severity = diagnostic.severity.as_str();
    let details = format!("{path}:{line}: {}\n{}", Findings::subject(diagnostic), Findings::text(diagnostic));
    let case = Element::new("testcase")
        .attribute("name", &format!("{} (line {line})", diagnostic.rule.name))
        .attribute("classname", path);
    case.child(match diagnostic.severity >= findings.fail_on {
        true => {
            Element::new("failure").attribute("message", &diagnostic.message).attribute("type", severity).text(&details)
        }
        // JUnit has no warnings.
        false => Element::new("system-out").text(&format!("{severity}: {details}")),
    })
}
