//! The position of the parser in an expression.

use std::ops::Range;

use super::error::{ErrorCode, InvalidRegex};

/// A position in an expression.
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

    /// The byte offset of the position.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from the position on.
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

    /// Takes the next character if it satisfies a condition.
    pub fn take_if(&mut self, wanted: impl FnOnce(char) -> bool) -> Option<char> {
        let letter = self.peek().filter(|letter| wanted(*letter))?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Takes a text if it is next. Returns whether it was.
    pub fn eat(&mut self, text: &str) -> bool {
        let comes = self.rest().starts_with(text);
        if comes {
            self.at += text.len();
        }
        comes
    }

    /// Takes a number of bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The text from an offset to the position.
    pub fn since(&self, from: usize) -> &'p str {
        &self.pattern[from..self.at]
    }

    /// An error about the text from an offset to the position.
    pub fn fault(&self, fault: ErrorCode, from: usize) -> InvalidRegex {
        fault.at(self.pattern, from..self.at)
    }

    /// An error about a part of the expression.
    pub fn fault_in(&self, fault: ErrorCode, range: Range<usize>) -> InvalidRegex {
        fault.at(self.pattern, range)
    }

    /// An error about the text from an offset to the end.
    pub fn fault_to_end(&self, fault: ErrorCode, from: usize) -> InvalidRegex {
        fault.at(self.pattern, from..self.pattern.len())
    }
}
