//! Selection of findings by a word: the name of a rule, of its family, of one of its findings, or an alias.

use super::diagnostic::Diagnostic;
use super::finding::Finding;
use super::rule::Rule;
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
    /// `routing`: the findings of all rules of a family.
    Family,
    /// `IST0109`: all findings with the alias.
    Alias,
    /// `unknown-gateway`: the findings of a rule, and those that were moved from it to other rules.
    Rule,
    /// `unknown-gateway/older-form`: one finding of a rule.
    Finding,
}

impl Selector {
    /// The selector of a word; `None` if no rule, family, finding or alias has that name.
    pub fn of(word: &str) -> Option<Self> {
        let select = |rules, finding, precision| Self { word: word.to_owned(), rules, finding, precision };
        if let Some((rule, finding)) = rules::find_finding(word) {
            return Some(select(vec![rule.name], Some(finding), Precision::Finding));
        }
        let found = rules::find(word);
        let names = |rules: &[&'static Rule]| rules.iter().map(|rule| rule.name).collect();
        let Some(first) = found.first() else {
            let family = rules::FAMILIES.iter().find(|family| family.name.eq_ignore_ascii_case(word))?;
            return Some(select(names(family.rules), None, Precision::Family));
        };
        let is_rule = first.name.eq_ignore_ascii_case(word);
        let precision = if is_rule { Precision::Rule } else { Precision::Alias };
        Some(select(names(&found), None, precision))
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
        self.selects_finding(diagnostic.rule, diagnostic.finding)
    }

    /// Whether it selects what a rule declares.
    pub fn selects_finding(&self, rule: &Rule, finding: &Finding) -> bool {
        if let Some(selected) = self.finding {
            return self.rules.contains(&rule.name) && selected == finding;
        }
        if self.precision == Precision::Family {
            return self.rules.contains(&rule.name);
        }
        let is_word = |name: &str| name.eq_ignore_ascii_case(&self.word);
        is_word(rule.name) || finding.aliases.iter().any(|alias| is_word(alias))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name means one thing.
    #[test]
    fn families_have_names_of_their_own() {
        for family in rules::FAMILIES {
            assert!(rules::find(family.name).is_empty(), "{} is a rule or an alias, too", family.name);
            let selector = Selector::of(family.name).unwrap();
            assert_eq!((selector.precision(), selector.rules().len()), (Precision::Family, family.rules.len()));
        }
    }
}
