//! The spans that [`super::Node`] promises, computed from the parser's positions.

use crate::source::{FileId, Span};

/// One document in the text of its file. It converts the parser's offsets, which count from the start of
/// the document, to spans of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'text> {
    pub(super) text: &'text str,
    pub(super) document: Span,
}

impl Places<'_> {
    pub(super) fn file(&self) -> FileId {
        self.document.file
    }

    /// The offset in the file of a parser's marker, clamped to the document and to a character boundary.
    pub(super) fn offset(&self, marker: &granit_parser::Marker) -> usize {
        let range = self.document.range();
        let offset = marker.byte_offset().map_or(range.end, |offset| range.start + offset);
        self.text.floor_char_boundary(offset.min(range.end))
    }

    pub(super) fn span(&self, span: &granit_parser::Span) -> Span {
        let (start, end) = (self.offset(&span.start), self.offset(&span.end));
        Span::new(self.file(), start, end.max(start))
    }

    /// An empty span.
    pub(super) fn point(&self, at: usize) -> Span {
        Span::new(self.file(), at, at)
    }

    /// The span of a block scalar: from its header (`|`, `>-`) to the end of its last line of text. The
    /// parser's span begins at the first character of the content and ends at the next token's line.
    pub(super) fn block_scalar(&self, content: Span) -> Span {
        let from = content.start as usize;
        let end = self.document.start as usize
            + self.text[self.document.range()][..content.end as usize - self.document.start as usize].trim_end().len();
        let start = self.header_before(from).unwrap_or(from);
        Span::new(self.file(), start, end.max(start))
    }

    /// The offset of the `|` or `>` whose content begins at `from`. It is on the last line before `from`
    /// that is not blank, unless the scalar is empty and `from` is the header itself.
    fn header_before(&self, from: usize) -> Option<usize> {
        let base = self.document.start as usize;
        let before = self.text.get(base..from)?;
        let line_end = match before.rfind('\n') {
            Some(at) if before[at..].trim().is_empty() => before.trim_end().len(),
            _ => before.len() + self.text[from..self.document.end as usize].find('\n').unwrap_or(0),
        };
        let line_start = self.text[base..base + line_end.min(before.len())].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let line = &self.text[base + line_start..base + line_end];
        line.match_indices(['|', '>']).find_map(|(at, _)| {
            let separate = at == 0 || line[..at].ends_with([' ', '\t']);
            let tail = line[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
            let header = separate && (tail.is_empty() || tail.starts_with([' ', '\t', '\r']));
            header.then_some(base + line_start + at)
        })
    }

    /// The offset of the first dash of a list item at or after `from`. The colon of a key, white space,
    /// comments, anchors and tags may precede it. `None` if anything else does, or if `limit` comes first.
    pub(super) fn dash(&self, from: usize, limit: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let rest = self.text.get(at..limit)?;
            at += rest.len() - rest.trim_start().len();
            let rest = self.text.get(at..limit)?;
            at += match rest.as_bytes().first()? {
                b'-' => return Some(at),
                b':' => 1,
                b'#' => rest.find(['\n', '\r'])?,
                b'&' | b'!' => rest.find(char::is_whitespace)?,
                _ => return None,
            };
        }
    }

    /// Whether the colon at `at` belongs to the plain scalar before it. In a flow collection, go-yaml
    /// reads a colon directly before a bracket or comma as part of the scalar.
    pub(super) fn colon_ends_scalar(&self, at: usize) -> bool {
        matches!(self.text.as_bytes().get(at..at + 2), Some([b':', b',' | b']' | b'}']))
    }
}
