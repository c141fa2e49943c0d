//! The results of cases, for people.

use std::io;

use super::answer::{push_steps, push_trace};
use super::rows::push_row;
use super::theme::Theme;
use super::words::{clean, count, push_hanging};
use crate::cases::{CaseResult, Coverage, Failure};
use crate::lint::Severity;
use crate::report::{Style, asked};

/// The most failures of a case, and the most routes, that are shown.
const MOST: usize = 10;

/// Writes the output of `mesh test` for people: each case that fails, with the differences, and the routes that no case
/// reaches. With `quiet`, routes are only counted.
pub fn test(
    results: &[CaseResult<'_>],
    coverage: &Coverage,
    is_quiet: bool,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    for result in results.iter().filter(|result| !result.failures.is_empty()) {
        push_case(&mut text, result, &theme);
    }
    let uncovered = coverage.uncovered();
    if !uncovered.is_empty() && !is_quiet {
        text.push_str("No case reaches these routes:\n");
        for place in uncovered.iter().take(MOST) {
            let line = format!("{} {}[{}] ({}:{})", place.resource, place.section, place.index, place.file, place.line);
            push_hanging(&mut text, "  ", 4, &clean(&line), theme.style.columns());
        }
        if uncovered.len() > MOST {
            text.push_str(&format!("  {} more: `--format json` lists all of them\n", uncovered.len() - MOST));
        }
        text.push('\n');
    }
    push_hanging(&mut text, "", 0, &theme.accent(&summary(results, coverage)), theme.style.columns());
    out.write_all(text.as_bytes())
}

fn push_case(text: &mut String, result: &CaseResult<'_>, theme: &Theme) {
    let case = result.case;
    let lead = format!("{} ", theme.severity(Severity::Error, "failed:"));
    push_hanging(
        text,
        &lead,
        4,
        &clean(&format!("{} ({}:{})", case.name, case.file, case.line)),
        theme.style.columns(),
    );
    for failure in result.failures.iter().take(MOST) {
        push_failure(text, failure, theme);
    }
    // The requests of a case are similar, and traces are long.
    if let Some(first) = result.failures.first() {
        match &first.answer {
            Some(answer) => push_trace(text, answer, theme),
            None if first.considered.is_empty() => {}
            None => {
                let of = if result.failures.len() > 1 { " for the first of these requests" } else { "" };
                push_steps(text, &first.considered, of, theme);
            }
        }
    }
    if result.failures.len() > MOST {
        text.push_str(&format!("  {}\n", count(result.failures.len() - MOST, "more request")));
    }
    text.push('\n');
}

fn push_failure(text: &mut String, failure: &Failure, theme: &Theme) {
    let asked = match &failure.asked {
        Ok(request) => asked::line(request),
        Err(words) => words.clone(),
    };
    push_row(text, "request", &asked, theme);
    if let Some(mesh) = &failure.mesh {
        push_row(text, "mesh", mesh, theme);
    }
    for difference in &failure.differences {
        push_row(text, "field", &difference.field, theme);
        push_row(text, "wanted", &difference.expected, theme);
        push_row(text, "actual", &difference.actual, theme);
    }
    match &failure.place {
        Some(place) => push_row(text, "by", place, theme),
        None => push_row(text, "by", "no route", theme),
    }
}

fn summary(results: &[CaseResult<'_>], coverage: &Coverage) -> String {
    let inputs: usize = results.iter().map(|result| result.inputs).sum();
    let failed = results.iter().filter(|result| !result.failures.is_empty()).count();
    let verdict = match failed {
        0 => format!("{} with {} passed", count(results.len(), "case"), count(inputs, "request")),
        failed => format!("{failed} of {} failed ({})", count(results.len(), "case"), count(inputs, "request")),
    };
    let covered = format!("{} of {} covered", coverage.covered(), count(coverage.routes(), "route"));
    format!("{verdict}; {covered} ({:.0}%)", coverage.percent().floor())
}
