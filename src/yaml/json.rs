//! JSON files.

use super::parse::{Limits, read};
use super::split::start_of_text;
use super::{Document, YamlProblem, YamlProblemKind};
use crate::source::{FileId, Span};
use serde::de::IgnoredAny;

/// Reads a `.json` file, which is one document. Text that is YAML but not JSON is a problem; otherwise the
/// tree is the same as that of [`super::parse`].
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
            let problem = YamlProblem {
                kind: YamlProblemKind::Syntax,
                span: Span::new(file, at, text.ceil_char_boundary(at + 1).min(text.len())),
                message: format!("the file is not valid JSON: {}", without_position(&error)),
                help: None,
                related: None,
            };
            Document { span, root: None, problems: vec![problem] }
        }
    }
}

/// The byte offset of a serde_json error. Its line and column are 1-based; columns count bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        Some(breaks_before) => text.match_indices('\n').nth(breaks_before).map_or(text.len(), |(at, _)| at + 1),
        None => 0,
    };
    text.floor_char_boundary((start + column.saturating_sub(1)).min(text.len()))
}

/// The message of an error without its position (` at line 1 column 2`).
fn without_position(error: &serde_json::Error) -> String {
    let full = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = full.strip_suffix(&position).unwrap_or(&full);
    // All other messages begin with a lower-case letter.
    message.replacen("EOF", "the text ends", 1)
}
