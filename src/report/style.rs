//! The style of output for people.

use super::links;

/// The abilities of the reader's terminal, which the caller decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to write ANSI escape codes.
    pub color: bool,
    /// Whether frames and markers may use characters outside ASCII. Text from manifests stays the same.
    pub unicode: bool,
    /// The columns to fill; at least [`Style::MIN_WIDTH`].
    pub width: usize,
    /// Whether tables are wrapped to the columns. In a file or a pipe, their cells stay on one line.
    pub wraps_tables: bool,
    /// Whether the first finding of each rule links the page of the rule.
    pub docs: bool,
    /// The URL of the working directory, with a slash at its end, if the terminal shows links.
    pub links: Option<&'static str>,
}

impl Style {
    /// The fewest columns that fit a frame, a line number and a few words of source.
    pub const MIN_WIDTH: usize = 40;

    /// The columns to fill.
    pub(super) fn columns(&self) -> usize {
        self.width.max(Self::MIN_WIDTH)
    }

    /// A text that leads to a page, if the terminal shows links (OSC 8).
    pub(super) fn link(&self, text: &str, url: &str) -> String {
        match self.links {
            Some(_) => format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"),
            None => text.to_owned(),
        }
    }

    /// A text that leads to a file, if the terminal shows links.
    pub(super) fn file_link(&self, text: &str, path: &str) -> String {
        match (self.links, path.starts_with('/')) {
            (Some(_), true) => self.link(text, &format!("file://{}", links::encoded(path))),
            (Some(directory), false) => self.link(text, &format!("{directory}{}", links::encoded(path))),
            (None, _) => text.to_owned(),
        }
    }

    /// The marker for text that was left out.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

impl Default for Style {
    /// The style for a file or a pipe: 80 columns, no colour.
    fn default() -> Self {
        Self { color: false, unicode: true, width: 80, wraps_tables: false, docs: true, links: None }
    }
}
