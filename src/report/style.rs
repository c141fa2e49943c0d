//! How output is to look.

pub(super) const BOLD: &str = "1";
pub(super) const DIM: &str = "2";
pub(super) const RED: &str = "31";
pub(super) const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";
pub(super) const CYAN: &str = "36";

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are wanted.
    pub color: bool,
    /// Whether lines and arrows can be drawn with characters outside ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// Wraps `text` in an escape sequence, if colours are wanted.
    pub(super) fn paint(self, sequence: &str, text: &str) -> String {
        if self.color { format!("\x1b[{sequence}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
