//! How text for people looks.

/// What the reader's terminal can show, decided by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to write ANSI escape codes.
    pub color: bool,
    /// Whether frames and markers may use characters outside ASCII. The manifests' own text is shown as it is.
    pub unicode: bool,
    /// Columns to fill. Less than [`Style::MIN_WIDTH`] counts as that.
    pub width: usize,
    /// Whether the first finding of each rule links the rule's documentation.
    pub docs: bool,
}

impl Style {
    /// The fewest columns in which a frame, a line number and a few words of source still make sense.
    pub const MIN_WIDTH: usize = 40;

    /// The columns that are filled.
    pub(super) fn columns(&self) -> usize {
        self.width.max(Self::MIN_WIDTH)
    }

    /// Stands for text that was left out.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

impl Default for Style {
    /// What suits a file or a pipe: 80 columns, no colour.
    fn default() -> Self {
        Self { color: false, unicode: true, width: 80, docs: true }
    }
}
