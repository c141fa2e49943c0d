//! Code Quality reports of GitLab.

use std::io;

use serde::Serialize;

use super::Findings;
use crate::lint::Severity;
use crate::report::json;

/// Writes the output of `mesh lint --output gitlab`: a list of issues.
pub fn gitlab(findings: &Findings<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let fingerprints = findings.report.fingerprints(findings.sources);
    let issues = findings.report.diagnostics.iter().zip(fingerprints).map(|(diagnostic, fingerprint)| Issue {
        description: Findings::text(diagnostic).replace('\n', "; "),
        check_name: diagnostic.rule.name,
        fingerprint,
        severity: match diagnostic.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info => "info",
        },
        location: Location {
            path: findings.path(diagnostic.span.file),
            lines: Lines {
                begin: findings.sources.start(diagnostic.span).line,
                end: findings.sources.end(diagnostic.span).line,
            },
        },
    });
    json::write(&issues.collect::<Vec<_>>(), out)
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}
