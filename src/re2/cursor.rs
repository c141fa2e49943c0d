//! Where the parser is in an expression.

use std::ops::Range;

use super::error::{Fault, InvalidRegex};

/// A place in an expression.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'p> {
    pattern: &'p str,
    at: usize,
}

impl<'p> Cursor<'p> {
    /// The beginning of an expression.
    pub fn new(pattern: &'p str) -> Self {
        Self { pattern, at: 0 }
    }

    /// The offset of what comes next.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character.
    pub fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Takes the next character if it is one that is wanted.
    pub fn take_if(&mut self, wanted: impl FnOnce(char) -> bool) -> Option<char> {
        let letter = self.peek().filter(|letter| wanted(*letter))?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Takes a text if it comes next, and says whether it did.
    pub fn eat(&mut self, text: &str) -> bool {
        let comes = self.rest().starts_with(text);
        if comes {
            self.at += text.len();
        }
        comes
    }

    /// Takes so many bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The text between an offset and here.
    pub fn since(&self, from: usize) -> &'p str {
        &self.pattern[from..self.at]
    }

    /// An error about what was read since an offset.
    pub fn fault(&self, fault: Fault, from: usize) -> InvalidRegex {
        fault.at(self.pattern, from..self.at)
    }

    /// An error about a part of the expression.
    pub fn fault_in(&self, fault: Fault, range: Range<usize>) -> InvalidRegex {
        fault.at(self.pattern, range)
    }

    /// An error about everything from an offset to the end.
    pub fn fault_to_end(&self, fault: Fault, from: usize) -> InvalidRegex {
        fault.at(self.pattern, from..self.pattern.len())
    }
}
