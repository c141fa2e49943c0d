//! The piece of a file that a finding shows.
//!
//! miette's own source walks a file from its start for every label and knows no limit to the length of a line. A
//! [`Window`] holds just the lines that are needed, found by the line index, and cuts very long ones.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::source::{SourceFile, Span};

/// Lines longer than this are cut around the place they are shown for.
const LONGEST_LINE: usize = 160;

/// Characters of a cut line that stand before the place.
const KEPT_BEFORE: usize = 40;

/// Consecutive lines of a file, as they are shown.
#[derive(Debug)]
pub struct Window {
    path: String,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    /// 0-based number in the file.
    number: usize,
    /// Byte offset in the file of the first byte that is shown.
    start: usize,
    /// Byte offset after the last one.
    end: usize,
    /// What is shown.
    text: String,
    /// Characters of `text` that stand for others that were cut off.
    omitted: usize,
    /// Byte offset of the line in the window's text.
    at: usize,
}

impl Window {
    /// The lines of the spans and those between them. A span of several lines counts as its first one.
    pub fn around(file: &SourceFile, spans: &[Span]) -> Self {
        let first_line = |span: &Span| file.lines().line_of(span.start as usize);
        let first = spans.iter().map(first_line).min().unwrap_or(0).saturating_sub(1);
        let last = spans.iter().map(first_line).max().unwrap_or(0) + 1;
        let mut at = 0;
        let mut lines = Vec::new();
        for number in first..=last {
            let Some(range) = line_range(file, number) else { break };
            let focus = spans.iter().find(|span| first_line(span) == number).map(|span| span.start as usize);
            let line = Line::shown(file.text(), number, range, focus, at);
            at += line.text.len() + 1;
            lines.push(line);
        }
        // A blank line at the edge says nothing.
        let is_needed = |line: &Line| spans.iter().any(|span| first_line(span) == line.number);
        while lines.last().is_some_and(|line| !is_needed(line) && line.text.trim().is_empty()) {
            lines.pop();
        }
        Self { path: file.path().to_owned(), lines }
    }

    /// The place of a span in the window: at least one column, at most the rest of its first line.
    pub fn place(&self, span: Span) -> SourceSpan {
        let (start, end) = (span.start as usize, span.end as usize);
        let line = self.lines.iter().rev().find(|line| line.start <= start + line.omitted);
        let Some(line) = line.or(self.lines.first()) else { return (0, 0).into() };
        let prefix = if line.omitted > 0 { line.text.chars().take(line.omitted).map(char::len_utf8).sum() } else { 0 };
        let offset = |place: usize| line.at + prefix + place.clamp(line.start, line.end) - line.start;
        let from = offset(start);
        let length = offset(end).saturating_sub(from);
        (from, length.max(1)).into()
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// The bytes of a line, without its end.
fn line_range(file: &SourceFile, number: usize) -> Option<std::ops::Range<usize>> {
    let start = file.lines().start_of(number)?;
    let end = file.lines().start_of(number + 1).map_or(file.text().len(), |next| next - 1);
    let end = start + file.text()[start..end].trim_end_matches('\r').len();
    Some(start..end)
}

impl Line {
    fn shown(text: &str, number: usize, range: std::ops::Range<usize>, focus: Option<usize>, at: usize) -> Self {
        // Byte order marks and other control characters would shift or garble what follows.
        let clean = |text: &str| text.replace(|letter: char| letter.is_control() && letter != '\t', " ");
        let whole = &text[range.clone()];
        if whole.len() <= LONGEST_LINE {
            let text = clean(whole);
            return Self { number, start: range.start, end: range.end, text, omitted: 0, at };
        }
        let focus = focus.unwrap_or(range.start);
        let start = text.floor_char_boundary(focus.saturating_sub(KEPT_BEFORE).max(range.start));
        let end = text.floor_char_boundary((start + LONGEST_LINE / 2).min(range.end));
        let (before, after) = (start > range.start, end < range.end);
        let ellipsis = |is_cut: bool| if is_cut { "…" } else { "" };
        let shown = format!("{}{}{}", ellipsis(before), clean(&text[start..end]), ellipsis(after));
        Self { number, start, end, text: shown, omitted: usize::from(before), at }
    }
}

/// What miette reads: the window's text, under the path and line numbers of the file.
#[derive(Debug)]
pub struct Excerpt {
    window: Window,
    text: String,
    /// Line and column, 1-based, that the header shows.
    position: (usize, usize),
}

impl Excerpt {
    /// An excerpt whose header points to the start of `span`.
    pub fn new(window: Window, file: &SourceFile, span: Span) -> Self {
        let position = file.position(span.start as usize);
        let text = window.text();
        Self { window, text, position: (position.line, position.column) }
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let first = self.window.lines.first().map_or(0, |line| line.number);
        // With context wanted, everything is shown: the window is the context. Without it miette asks for the
        // position of the header.
        let (data, line, column, range) = if context_lines_before == 0 {
            let rest = self.text.as_bytes().get(span.offset()..).unwrap_or_default();
            (rest, self.position.0 - 1, self.position.1 - 1, *span)
        } else {
            (self.text.as_bytes(), first, 0, (0, self.text.len()).into())
        };
        let lines = self.window.lines.len();
        Ok(Box::new(MietteSpanContents::new_named(self.window.path.clone(), data, range, line, column, lines)))
    }
}
