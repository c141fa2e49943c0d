//! Advice: the help of a finding, and the edits that carry it out.
//!
//! An [`Edit`] says what changes in terms of values: "this text becomes `5s`", "this key goes away". The words of the help
//! come from the edit, so that both say the same. A [`Resolver`] turns the edits into changes of the text of a file, which
//! keep quotes, comments and layout, and [`apply`] makes these changes.
//!
//! - `edit`: edits, and the words for them.
//! - `literal`: values to write, and their YAML.
//! - `tree`: the effect of an edit on the tree of a document.
//! - `text`: the changes of the text.
//! - `removal`: the changes that remove a key or an item.
//! - `resolve`: both together: a change of the text is exact if the changed text has the changed tree.
//! - `spelling`, `wording`: suggestions for misspelt words, and lists of names, for helps and messages.

mod edit;
mod literal;
mod removal;
mod resolve;
pub mod spelling;
#[cfg(test)]
mod tests;
mod text;
mod tree;
pub mod wording;

pub use edit::Edit;
pub use literal::{Literal, in_flow};
pub use resolve::{Resolver, TextEdit, apply};

use std::fmt;

/// The help of a finding: a line that says what to do, and the ways to do it for which the exact edits are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advice {
    text: String,
    fixes: Vec<Vec<Edit>>,
    is_choice: bool,
}

impl Advice {
    /// Advice without edits.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), fixes: Vec::new(), is_choice: false }
    }

    /// "write `X`", and the edit that does it.
    pub fn write(edit: Edit) -> Self {
        Self::new(format!("write {edit}")).fix([edit])
    }

    /// "add `X`", and the edit that does it.
    pub fn add(edit: Edit) -> Self {
        Self::new(format!("add {edit}")).fix([edit])
    }

    /// "remove `X`", and the edit that does it.
    pub fn remove(edit: Edit) -> Self {
        Self::new(format!("remove {edit}")).fix([edit])
    }

    /// "did you mean `X`?", and the edit that writes it. It is only a guess.
    pub fn did_you_mean(edit: Edit) -> Self {
        Self::new(format!("did you mean {edit}?")).option([edit])
    }

    /// Adds the edits that carry out the whole advice. The text must have the words of each edit.
    #[track_caller]
    pub fn fix(mut self, edits: impl Into<Vec<Edit>>) -> Self {
        self.push(edits.into());
        self
    }

    /// Adds the edits that carry out one part of advice that leaves a choice, or that is a guess. The text must have the
    /// words of each edit.
    #[track_caller]
    pub fn option(mut self, edits: impl Into<Vec<Edit>>) -> Self {
        self.is_choice = true;
        self.push(edits.into());
        self
    }

    #[track_caller]
    fn push(&mut self, edits: Vec<Edit>) {
        for edit in &edits {
            debug_assert!(self.text.contains(&edit.to_string()), "{:?} does not have {edit}", self.text);
        }
        self.fixes.push(edits);
    }

    /// The line that says what to do.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The ways to carry out the advice, each a list of edits. Others may exist, for which no exact edits are known.
    pub fn fixes(&self) -> &[Vec<Edit>] {
        &self.fixes
    }

    /// The edits of advice that leaves no choice and is not a guess, so that a tool can carry it out without asking.
    pub fn only_fix(&self) -> Option<&[Edit]> {
        match self.fixes.as_slice() {
            [only] if !self.is_choice => Some(only),
            _ => None,
        }
    }

    /// Keeps the fixes for which a condition holds. The text stays.
    pub fn retain_fixes(&mut self, holds: impl FnMut(&Vec<Edit>) -> bool) {
        let before = self.fixes.len();
        self.fixes.retain(holds);
        self.is_choice |= self.fixes.len() < before;
    }

    /// Adds the edits for another finding that has the same cause. If either has several fixes or none, nothing is exact.
    pub fn join(&mut self, other: Option<&Advice>) {
        let (Some(other), [_]) = (other, self.fixes.as_slice()) else { return self.fixes.clear() };
        let [edits] = other.fixes.as_slice() else { return self.fixes.clear() };
        for edit in edits {
            if !self.fixes[0].contains(edit) {
                self.fixes[0].push(edit.clone());
            }
        }
        self.is_choice |= other.is_choice;
    }

    /// The same advice with another text: for texts with characters that a terminal must not get.
    pub fn map_text(mut self, map: impl FnOnce(String) -> String) -> Self {
        self.text = map(self.text);
        self
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<String> for Advice {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Advice {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Advice {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&Advice> for Advice {
    fn from(advice: &Advice) -> Self {
        advice.clone()
    }
}
