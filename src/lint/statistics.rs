//! The number of findings of each rule.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Diagnostic, Severity};
use crate::source::FileId;

/// The number of findings of a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Statistics {
    /// The name of the rule.
    pub rule: &'static str,
    /// The number of errors.
    pub errors: usize,
    /// The number of warnings.
    pub warnings: usize,
    /// The number of infos.
    pub infos: usize,
    /// The number of files with a finding of the rule.
    pub files: usize,
    /// The number of files with a finding of the worst severity among them.
    #[serde(skip)]
    pub worst_files: usize,
}

impl Statistics {
    /// Counts findings. The rule with the most errors is the first, then the numbers of warnings and of infos decide.
    pub fn of<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<Self> {
        let mut by_rule: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
        for diagnostic in diagnostics {
            by_rule.entry(diagnostic.rule.name).or_default().push(diagnostic);
        }
        let mut rules: Vec<Self> = by_rule.into_values().map(|findings| Self::of_rule(&findings)).collect();
        rules.sort_by_key(|rule| (Reverse((rule.errors, rule.warnings, rule.infos)), rule.rule));
        rules
    }

    fn of_rule(findings: &[&Diagnostic]) -> Self {
        let count = |severity| findings.iter().filter(|it| it.severity == severity).count();
        let worst = findings.iter().map(|it| it.severity).max().unwrap_or(Severity::Info);
        let files_from = |lowest| {
            let files: BTreeSet<FileId> =
                findings.iter().filter(|it| it.severity >= lowest).map(|it| it.span.file).collect();
            files.len()
        };
        Self {
            rule: findings[0].rule.name,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
            files: files_from(Severity::Info),
            worst_files: files_from(worst),
        }
    }
}
