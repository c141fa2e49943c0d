//! Text from manifests, made safe for a terminal: harmless, bounded and wrapped.

use std::borrow::Cow;

use anstream::adapter::strip_str;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthChar;

use crate::report::visible::{is_unsafe, push_visible, visible_width};

/// A tab is shown as this many spaces.
const TAB: &str = "    ";

/// Appends `text` in a form that is safe to show on one line. Line breaks become spaces, and what could move the cursor or
/// deceive the reader is shown as `\u{1b}`.
pub(super) fn push_clean(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\t' => out.push_str(TAB),
            '\n' => out.push(' '),
            character => push_visible(out, character),
        }
    }
}

/// [`push_clean`] to a new string.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_clean(&mut out, text);
    out
}

/// The columns that a terminal gives a character, once the text is [`clean`].
pub(super) fn columns_of(character: char) -> usize {
    match character {
        '\t' => TAB.len(),
        '\n' => 1,
        character if is_unsafe(character) => visible_width(character),
        character => character.width().unwrap_or(1),
    }
}

/// The columns of a text, see [`columns_of`].
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Combining characters have no width. More of them than this for each column are cut off: no script needs so many.
const CHARACTERS_PER_COLUMN: usize = 8;

/// The longest start of `text` that fits into `room` columns. Does not look at the rest.
pub(super) fn head(text: &str, room: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().enumerate().find(|&(index, (_, character))| {
        used += columns_of(character);
        used > room || index >= room * CHARACTERS_PER_COLUMN
    });
    &text[..end.map_or(text.len(), |(_, (at, _))| at)]
}

/// The longest end of `text` that fits into `room` columns. Does not look at the rest.
pub(super) fn tail(text: &str, room: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().enumerate().find(|&(index, (_, character))| {
        used += columns_of(character);
        used > room || index >= room * CHARACTERS_PER_COLUMN
    });
    &text[start.map_or(0, |(_, (at, character))| at + character.len_utf8())..]
}

/// `text`, cut to `room` columns and ending with `ellipsis` if it is longer. The result is clean.
pub(super) fn cut(text: &str, room: usize, ellipsis: &str) -> String {
    if head(text, room).len() == text.len() {
        return clean(text);
    }
    let mut out = clean(head(text, room.saturating_sub(columns(ellipsis))).trim_end());
    out.push_str(ellipsis);
    out
}

/// Breaks `text` at spaces into lines of at most `room` columns. A longer word gets a line to itself: a
/// link or a host name that is broken apart can neither be clicked nor copied.
pub(super) fn wrap(text: &str, room: usize) -> Vec<Cow<'_, str>> {
    textwrap::wrap(text, options(room))
}

fn options<'o>(width: usize) -> Options<'o> {
    Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

/// Wraps `text` to `width` columns after the prefix `first`, which can contain escape codes. The other lines are indented
/// by `indent` columns. Ends with a newline.
pub(super) fn push_hanging(out: &mut String, first: &str, indent: usize, text: &str, width: usize) {
    let lead = columns(&strip_str(first).to_string());
    let (blank, indented) = (" ".repeat(lead), " ".repeat(indent));
    let options = options(width).initial_indent(&blank).subsequent_indent(&indented);
    out.push_str(first);
    for (index, line) in textwrap::wrap(text, options).into_iter().enumerate() {
        // The prefix stands in the place of the blanks.
        out.push_str(if index == 0 { line.get(lead..).unwrap_or_default() } else { &line });
        out.push('\n');
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    plural(number, noun, &format!("{noun}s"))
}

/// `1 mesh`, `2 meshes`.
pub(super) fn plural(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_only() {
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("see https://example.com/a-b-c-d now", 10), ["see", "https://example.com/a-b-c-d", "now"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("two  spaces", 40), ["two  spaces"]);
    }

    #[test]
    fn the_prefix_counts_as_a_part_of_the_first_line() {
        let hanging = |first: &str, text: &str| {
            let mut out = String::new();
            push_hanging(&mut out, first, 2, text, 10);
            out
        };
        assert_eq!(hanging("- ", "aaaa bbb cc"), "- aaaa bbb\n  cc\n");
        assert_eq!(hanging("\u{1b}[31merror:\u{1b}[0m ", "aaa bbb cc"), "\u{1b}[31merror:\u{1b}[0m aaa\n  bbb cc\n");
        assert_eq!(hanging("- ", ""), "- \n");
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(cut("abcdef", 6, "…"), "abcdef");
        assert_eq!(cut("abcdefg", 6, "…"), "abcde…");
        assert_eq!(cut("漢字漢字", 6, "…"), "漢字…");
        assert_eq!(tail("漢字ab", 4), "字ab");
        assert_eq!(cut("e\u{301}e\u{301}", 2, "…"), "e\u{301}e\u{301}");
        assert_eq!(head(&"\u{301}".repeat(1000), 2).chars().count(), 16);
    }

    #[test]
    fn a_manifest_cannot_send_escape_codes() {
        assert_eq!(clean("a\u{1b}[31mb\r\n\tc\u{202e}"), "a\\u{1b}[31mb\\r     c\\u{202e}");
    }
}
