//! What a rule is.

use super::finding::Finding;
use super::severity::Severity;
use super::{Context, Diagnostics};

/// A rule: its identity, its documentation and its check. One file of `lint/rules` each.
pub struct Rule {
    /// The identity: stable, kebab-case.
    pub name: &'static str,
    /// One line: what it finds.
    pub summary: &'static str,
    /// What it reports, the most important finding first.
    pub findings: &'static [&'static Finding],
    /// The documentation page, in Markdown.
    pub page: &'static str,
    /// Looks at the manifests and reports what it finds.
    pub check: fn(&Context<'_>, &mut Diagnostics),
}

impl Rule {
    /// The severity of its worst finding.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity()).max().unwrap_or(Severity::Info)
    }

    /// The aliases of all its findings, sorted.
    pub fn aliases(&self) -> Vec<&'static str> {
        let mut aliases: Vec<_> = self.findings.iter().flat_map(|finding| finding.aliases).copied().collect();
        aliases.sort_unstable();
        aliases.dedup();
        aliases
    }

    /// The command that prints the documentation page.
    pub fn explain_command(&self) -> String {
        format!("mesh explain {}", self.name)
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Rules about one subject.
#[derive(Debug)]
pub struct Family {
    /// The name, as the directory of its rules is called.
    pub name: &'static str,
    /// One line: what its rules find.
    pub about: &'static str,
    /// The rules.
    pub rules: &'static [&'static Rule],
}

/// Declares a rule; its page is `docs/rules/<name>.md`, which must exist for the project to compile.
macro_rules! rule {
    (name: $name:literal, summary: $summary:literal, findings: $findings:expr, check: $check:expr $(,)?) => {
        $crate::lint::Rule {
            name: $name,
            summary: $summary,
            findings: &$findings,
            page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules/", $name, ".md")),
            check: $check,
        }
    };
    // The older form, until every rule declares its findings.
    (name: $name:literal, aliases: $aliases:expr, severity: $severity:ident, summary: $summary:literal, check: $check:expr $(,)?) => {
        $crate::lint::Rule {
            name: $name,
            summary: $summary,
            findings: &[&$crate::lint::Finding {
                name: $name,
                harm: $crate::lint::Severity::$severity.default_harm(),
                certainty: $crate::lint::Certainty::Certain,
                aliases: &$aliases,
                summary: $summary,
            }],
            page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules/", $name, ".md")),
            check: $check,
        }
    };
}

pub(super) use rule;
