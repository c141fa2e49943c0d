//! Characters that must not reach a terminal, a log or a page as they are.

use std::fmt::Write as _;

/// Whether a character could move the cursor, change colours, end a line of a log, or let a text look different from what it
/// says: control characters, and those that change the direction of writing.
pub(super) fn is_unsafe(character: char) -> bool {
    let is_directional = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    );
    character.is_control() || is_directional
}

/// Appends a character in a visible form: `\u{1b}` for an escape.
pub(super) fn push_visible(out: &mut String, character: char) {
    match character {
        '\r' => out.push_str("\\r"),
        character if is_unsafe(character) => {
            let _ = write!(out, "{}", character.escape_unicode());
        }
        character => out.push(character),
    }
}

/// The characters of the visible form.
pub(super) fn visible_width(character: char) -> usize {
    if character == '\r' { 2 } else { character.escape_unicode().len() }
}

/// A text on one line, in a visible form. Line breaks and tabs become spaces.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(' '),
            other => push_visible(&mut out, other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_shown_by_their_number() {
        assert_eq!(visible("a\u{1b}[31m\r\nb\u{202e}\u{9b}ü"), "a\\u{1b}[31m\\r b\\u{202e}\\u{9b}ü");
        assert_eq!(visible_width('\u{202e}'), visible("\u{202e}").len());
    }
}
