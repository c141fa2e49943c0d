//! Files that have to be JSON.

use super::parse::{Limits, read};
use super::split::start_of_text;
use super::{Document, Problem, ProblemKind};
use crate::source::{FileId, Span};
use serde::de::IgnoredAny;

/// Reads a `.json` file, which is one document. What is not JSON is a problem even where it would be
/// YAML; otherwise the tree is that of [`super::parse`].
pub fn parse_json(file: FileId, text: &str) -> Document {
    let start = start_of_text(text);
    let span = Span::new(file, start, text.len());
    let content = &text[start..];
    if content.trim_start().is_empty() {
        return Document { span, root: None, problems: Vec::new() };
    }
    match serde_json::from_str::<IgnoredAny>(content) {
        Ok(_) => read(span, text, None, Limits::JSON),
        Err(error) => {
            let at = start + offset_of(content, error.line(), error.column());
            let problem = Problem {
                kind: ProblemKind::Syntax,
                span: Span::new(file, at, text.ceil_char_boundary(at + 1).min(text.len())),
                message: format!("not JSON: {}", without_position(&error)),
                help: None,
                related: None,
            };
            Document { span, root: None, problems: vec![problem] }
        }
    }
}

/// The byte that line and column (1-based, in bytes) of a serde_json error mean.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        Some(breaks_before) => text.match_indices('\n').nth(breaks_before).map_or(text.len(), |(at, _)| at + 1),
        None => 0,
    };
    text.floor_char_boundary((start + column.saturating_sub(1)).min(text.len()))
}

/// The error's message without its " at line 1 column 2".
fn without_position(error: &serde_json::Error) -> String {
    let full = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = full.strip_suffix(&position).unwrap_or(&full);
    // The only messages that begin with a capital letter begin with this one.
    message.replacen("EOF", "the text ends", 1)
}
