//! Annotations of GitHub Actions: workflow commands, which the runner shows beside the lines of a pull request.

use std::cmp::Reverse;
use std::io;

use super::Findings;
use crate::lint::{Diagnostic, Severity};
use crate::report::positions::Positions;
use crate::report::visible::push_visible;

/// GitHub shows ten errors, ten warnings and ten notices of a step.
const MOST_OF_EACH: usize = 10;

/// Writes the output of `mesh lint --output github`: an annotation for each finding, errors first, as many as GitHub shows.
pub fn github(findings: &Findings<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut all: Vec<&Diagnostic> = findings.report.diagnostics.iter().collect();
    all.sort_by_key(|diagnostic| Reverse(diagnostic.severity));
    let mut left_out = 0;
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let of_severity = all.iter().filter(|diagnostic| diagnostic.severity == severity);
        let mut positions = Positions::new(findings.sources);
        for (index, diagnostic) in of_severity.enumerate() {
            match index < MOST_OF_EACH {
                true => writeln!(out, "{}", annotation(findings, diagnostic, &mut positions))?,
                false => left_out += 1,
            }
        }
    }
    match left_out {
        0 => Ok(()),
        1 => writeln!(out, "1 more finding has no annotation: GitHub shows {MOST_OF_EACH} of each severity"),
        _ => writeln!(out, "{left_out} more findings have no annotation: GitHub shows {MOST_OF_EACH} of each severity"),
    }
}

fn annotation(findings: &Findings<'_>, diagnostic: &Diagnostic, positions: &mut Positions<'_>) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = positions.advance(diagnostic.span);
    // Columns count only if the place is on one line.
    let columns = match start.line == end.line {
        true => format!(",col={},endColumn={}", start.column, end.column),
        false => String::new(),
    };
    let file = property(&findings.path(diagnostic.span.file));
    let title = property(&format!("mesh: {}", diagnostic.rule.name));
    let subject = Findings::subject(diagnostic);
    let message = match subject.is_empty() {
        true => Findings::text(diagnostic),
        false => format!("{}\n{subject}", Findings::text(diagnostic)),
    };
    let (line, end_line) = (start.line, end.line);
    format!("::{command} file={file},line={line},endLine={end_line}{columns},title={title}::{}", data(&message))
}

/// The message of a command. A line break would end it.
fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' => out.push_str("%25"),
            '\n' => out.push_str("%0A"),
            other => push_visible(&mut out, other),
        }
    }
    out
}

/// The value of a property. A comma would begin the next one, and `::` the message.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_begin_another_command() {
        assert_eq!(data("100%\r\n::error::x\u{1b}"), "100%25\\r%0A::error::x\\u{1b}");
        assert_eq!(property("a,b:c::d"), "a%2Cb%3Ac%3A%3Ad");
    }
}
