//! Which findings a word selects: a rule, one of its findings, or an alias.

use super::diagnostic::Diagnostic;
use super::finding::Finding;
use super::rules;

/// The findings that a word selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    word: String,
    rules: Vec<&'static str>,
    finding: Option<&'static Finding>,
    precision: Precision,
}

/// How precisely a selector names its findings. What a more precise one says takes precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    /// `IST0109`: all findings that have the alias.
    Alias,
    /// `unknown-gateway`: the findings of a rule, and those that were split off it.
    Rule,
    /// `unknown-gateway/older-form`: one finding of a rule.
    Finding,
}

impl Selector {
    /// The selector that a word stands for; `None` if no rule, finding or alias has that name.
    pub fn of(word: &str) -> Option<Self> {
        let select = |rules, finding, precision| Self { word: word.to_owned(), rules, finding, precision };
        if let Some((rule, finding)) = rules::find_finding(word) {
            return Some(select(vec![rule.name], Some(finding), Precision::Finding));
        }
        let found = rules::find(word);
        let is_rule = found.first()?.name.eq_ignore_ascii_case(word);
        let precision = if is_rule { Precision::Rule } else { Precision::Alias };
        Some(select(found.iter().map(|rule| rule.name).collect(), None, precision))
    }

    /// How precise it is.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The names of the rules whose findings it can select.
    pub fn rules(&self) -> &[&'static str] {
        &self.rules
    }

    /// Whether it selects a finding.
    pub fn selects(&self, diagnostic: &Diagnostic) -> bool {
        if let Some(finding) = self.finding {
            return self.rules.contains(&diagnostic.rule.name) && finding == diagnostic.finding;
        }
        let is_word = |name: &str| name.eq_ignore_ascii_case(&self.word);
        is_word(diagnostic.rule.name) || diagnostic.aliases.iter().any(|alias| is_word(alias))
    }
}
