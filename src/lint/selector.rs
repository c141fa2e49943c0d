//! Which findings a name stands for.

use super::diagnostic::Diagnostic;
use super::rules;

/// The findings of the rule that a word names or, if it is an alias, those of all rules that say the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    word: String,
    rules: Vec<&'static str>,
    is_alias: bool,
}

impl Selector {
    /// What a word stands for; `None` if no rule has it as its name or alias.
    pub fn of(word: &str) -> Option<Self> {
        let found = rules::find(word);
        let first = found.first()?;
        let is_alias = !first.name.eq_ignore_ascii_case(word);
        Some(Self { word: word.to_owned(), rules: found.iter().map(|rule| rule.name).collect(), is_alias })
    }

    /// Whether the word is an alias.
    pub fn is_alias(&self) -> bool {
        self.is_alias
    }

    /// The names of the rules that are meant.
    pub fn rules(&self) -> &[&'static str] {
        &self.rules
    }

    /// Whether a finding is meant: one of a rule of that name, or one that has the alias.
    pub fn selects(&self, diagnostic: &Diagnostic) -> bool {
        let is_word = |name: &str| name.eq_ignore_ascii_case(&self.word);
        is_word(diagnostic.rule.name) || diagnostic.aliases.iter().any(|alias| is_word(alias))
    }
}
