//! Selection of findings by a word: the name of a rule, of one of its findings, or an alias.

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

/// The precision of a selector. More precise selectors take precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    /// `IST0109`: all findings with the alias.
    Alias,
    /// `unknown-gateway`: the findings of a rule, and those that were moved from it to other rules.
    Rule,
    /// `unknown-gateway/older-form`: one finding of a rule.
    Finding,
}

impl Selector {
    /// The selector of a word; `None` if no rule, finding or alias has that name.
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

    /// The precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The names of the rules whose findings it may select.
    pub fn rules(&self) -> &[&'static str] {
        &self.rules
    }

    /// Whether it selects a finding.
    pub fn selects(&self, diagnostic: &Diagnostic) -> bool {
        if let Some(finding) = self.finding {
            return self.rules.contains(&diagnostic.rule.name) && finding == diagnostic.finding;
        }
        let is_word = |name: &str| name.eq_ignore_ascii_case(&self.word);
        is_word(diagnostic.rule.name) || diagnostic.finding.aliases.iter().any(|alias| is_word(alias))
    }
}
