//! Rules and families of rules.

use super::finding::Finding;
use super::severity::Severity;
use super::{Context, Diagnostics};

/// A rule: its name, documentation, findings and check. Each rule is one file of `lint/rules`.
pub struct Rule {
    /// The name: kebab-case. It never changes, as users write it in configurations and comments.
    pub name: &'static str,
    /// The mistake that it finds, in one line.
    pub summary: &'static str,
    /// The findings that it reports, the most important first.
    pub findings: &'static [&'static Finding],
    /// The documentation page, in Markdown.
    pub page: &'static str,
    /// Checks the manifests and reports findings.
    pub check: fn(&Context<'_>, &mut Diagnostics),
}

impl Rule {
    /// The severity of the worst finding.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity()).max().unwrap_or(Severity::Info)
    }

    /// The aliases of all findings, sorted.
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
    /// The name, which is that of the directory.
    pub name: &'static str,
    /// The subject in one line, as a heading.
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
}

pub(super) use rule;
