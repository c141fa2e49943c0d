//! Files and positions. Later stages refer to a part of a manifest by a [`Span`] of a file in [`Sources`].

mod line_index;
mod origins;
pub mod path;
mod span;

pub use line_index::{LineIndex, Position};
pub use span::{FileId, Span, Spanned};

use std::sync::{Arc, OnceLock};

use origins::Origins;

/// All files, in the order in which they were added. Copies share the texts.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

/// A file: its text, and its path as the user wrote it, with `/` as separator.
#[derive(Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    lines: OnceLock<LineIndex>,
    origins: OnceLock<Origins>,
}

impl Sources {
    /// Adds a file. Its text must be at most 4 GiB long, which [`crate::load`] checks.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId::new(self.files.len());
        self.files.push(Arc::new(SourceFile {
            path: path.into(),
            text: text.into(),
            lines: OnceLock::new(),
            origins: OnceLock::new(),
        }));
        id
    }

    /// The file with an identity.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.index()]
    }

    /// All files with their identities, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId::new(index), &**file))
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether the list of files is empty.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// The file that the document of `span` was rendered from, see [`SourceFile::origin`].
    pub fn origin(&self, span: Span) -> Option<&str> {
        self.file(span.file).origin(span.start as usize)
    }

    /// Line, column and byte offset of the first character of `span`.
    pub fn start(&self, span: Span) -> Position {
        self.file(span.file).position(span.start as usize)
    }

    /// `file:line` of the first character of `span`, for a message.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.file(span.file).path(), self.start(span).line)
    }

    /// Line, column and byte offset just after the last character of `span`.
    pub fn end(&self, span: Span) -> Position {
        self.file(span.file).position(span.end as usize)
    }
}

impl SourceFile {
    /// The path, as text output and machine formats show it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text. Byte offsets of spans count from its start.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line index, computed on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// The path in the comment `# Source: PATH` above the document at a byte offset. `helm template` writes it: the path
    /// of the template that the document was rendered from.
    pub fn origin(&self, offset: usize) -> Option<&str> {
        let origins = self.origins.get_or_init(|| Origins::of(&self.text));
        origins.at(offset).and_then(|path| self.text.get(path))
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        self.lines().position(&self.text, offset)
    }
}
