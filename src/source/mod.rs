//! Files and positions: everything that later stages say about a manifest,
//! they say by pointing at a [`Span`] of a file in [`Sources`].

mod line_index;
mod span;

pub use line_index::{LineIndex, Position};
pub use span::{FileId, Span, Spanned};

use std::sync::OnceLock;

/// All files that were read, in the order of their display paths.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// One file: the path as the user wrote it (with `/` between the parts) and its text.
#[derive(Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    lines: OnceLock<LineIndex>,
}

impl Sources {
    /// Adds a file and gives it an identity. Texts are at most 4 GiB, which [`crate::load`] checks.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId::new(self.files.len());
        self.files.push(SourceFile { path: path.into(), text: text.into(), lines: OnceLock::new() });
        id
    }

    /// The file that `id` was given for.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.index()]
    }

    /// All files with their identities, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId::new(index), file))
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file was added.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// Line, column and byte offset of the first character of `span`.
    pub fn start(&self, span: Span) -> Position {
        self.file(span.file).position(span.start as usize)
    }

    /// Line, column and byte offset just after the last character of `span`.
    pub fn end(&self, span: Span) -> Position {
        self.file(span.file).position(span.end as usize)
    }
}

impl SourceFile {
    /// The path, as it is shown and as it is written to machine formats.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text. Byte offsets of spans count from its start.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the lines begin; computed when it is first asked for.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        self.lines().position(&self.text, offset)
    }
}
