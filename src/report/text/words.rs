//! Text from manifests, made safe for a terminal: harmless, bounded and wrapped.

/// A tab is shown as this many spaces.
const TAB: &str = "    ";

/// Appends `text` on one line. Line breaks become spaces. Other control characters, and characters that change the
/// writing direction, become `�`, so that a manifest can neither move the cursor nor look different from its content.
pub(super) fn push_clean(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\t' => out.push_str(TAB),
            '\n' => out.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            character if character.is_control() => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
}

/// [`push_clean`] to a new string.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_clean(&mut out, text);
    out
}

/// The most columns that a terminal uses for a character. No character of the scripts before Hangul is wide. Some after
/// it are counted as wide although they are not, which only cuts a little early.
pub(super) fn columns_of(character: char) -> usize {
    match character {
        '\t' => TAB.len(),
        '\0'..'\u{1100}' | '…' | '\u{2500}'..='\u{25ff}' | '�' => 1,
        _ => 2,
    }
}

/// The columns of a text, see [`columns_of`].
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The longest start of `text` that fits into `room` columns. Reads no further.
pub(super) fn head(text: &str, room: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|&(_, character)| {
        used += columns_of(character);
        used > room
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// The longest end of `text` that fits into `room` columns. Reads no further.
pub(super) fn tail(text: &str, room: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().find(|&(_, character)| {
        used += columns_of(character);
        used > room
    });
    &text[start.map_or(0, |(at, character)| at + character.len_utf8())..]
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

/// Breaks `text` at spaces into lines of at most `room` columns. A longer word gets its own line, since a broken link
/// or host name can neither be clicked nor copied.
pub(super) fn wrap(text: &str, room: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut end, mut used) = (0, 0, 0);
    for word in text.split(' ') {
        let at = word.as_ptr().addr() - text.as_ptr().addr();
        let length = columns(word);
        if end > start && used + 1 + length > room {
            lines.push(&text[start..end]);
            (start, used) = (at, length);
        } else {
            used += length + usize::from(at > start);
        }
        end = at + word.len();
    }
    lines.push(&text[start..end]);
    lines
}

/// Wraps `text` to `width` columns after the prefix `first`, and aligns the other lines with the first. `indent` is the
/// number of columns of `first`, which can contain escape codes. Ends with a newline.
pub(super) fn push_hanging(out: &mut String, first: &str, indent: usize, text: &str, width: usize) {
    out.push_str(first);
    for (index, line) in wrap(text, width.saturating_sub(indent)).into_iter().enumerate() {
        if index > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
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
    fn cutting_counts_columns_not_characters() {
        assert_eq!(cut("abcdef", 6, "…"), "abcdef");
        assert_eq!(cut("abcdefg", 6, "…"), "abcde…");
        assert_eq!(cut("漢字漢字", 6, "…"), "漢字…");
        assert_eq!(tail("漢字ab", 4), "字ab");
    }

    #[test]
    fn a_manifest_cannot_send_escape_codes() {
        assert_eq!(clean("a\u{1b}[31mb\r\n\tc\u{202e}"), "a�[31mb�     c�");
    }
}
