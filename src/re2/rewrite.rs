//! Replacements of matches: text, `\0` to `\9` for the match and its groups, and `\\` for a backslash.

use std::ops::Range;

use super::error::InvalidRewrite;

/// A part of a replacement.
enum RewritePart {
    Byte(u8),
    Group(usize),
    /// A backslash before any other byte or at the end.
    Bad,
}

/// The parts of a replacement with their byte ranges.
fn parts(replacement: &[u8]) -> impl Iterator<Item = (RewritePart, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let first = *replacement.get(at)?;
        at += 1;
        let part = if first == b'\\' {
            let escaped = replacement.get(at).copied();
            at = (at + 1).min(replacement.len());
            match escaped {
                Some(b'\\') => RewritePart::Byte(b'\\'),
                Some(digit) if digit.is_ascii_digit() => RewritePart::Group(usize::from(digit - b'0')),
                _ => RewritePart::Bad,
            }
        } else {
            RewritePart::Byte(first)
        };
        Some((part, start..at))
    })
}

/// The highest group that a replacement asks for; 0 is the whole match.
pub(super) fn highest_group(replacement: &[u8]) -> usize {
    let groups = parts(replacement).map(|(part, _)| match part {
        RewritePart::Group(group) => group,
        _ => 0,
    });
    groups.max().unwrap_or(0)
}

/// Checks a replacement for an expression with a number of groups.
pub(super) fn check(replacement: &str, groups: usize) -> Result<(), InvalidRewrite> {
    let mut missing: Option<(usize, Range<usize>)> = None;
    for (part, range) in parts(replacement.as_bytes()) {
        match part {
            RewritePart::Bad if range.len() == 1 => {
                return Err(InvalidRewrite { message: "'\\' not allowed at end".to_owned(), range });
            }
            RewritePart::Bad => {
                let message = "'\\' must be followed by a digit or '\\'".to_owned();
                // The second byte may be the first of a character.
                let letter = replacement[range.start + 1..].chars().next().map_or(0, char::len_utf8);
                return Err(InvalidRewrite { message, range: range.start..range.start + 1 + letter });
            }
            RewritePart::Group(group) if group > groups && missing.as_ref().is_none_or(|(most, _)| group > *most) => {
                missing = Some((group, range));
            }
            _ => {}
        }
    }
    missing.map_or(Ok(()), |(group, range)| {
        let message = format!("group {group} is requested, but the expression has only {groups}");
        Err(InvalidRewrite { message, range })
    })
}

/// Appends a replacement, up to its first error.
pub(super) fn expand<'t>(replacement: &[u8], group: impl Fn(usize) -> Option<&'t [u8]>, out: &mut Vec<u8>) {
    for (part, _) in parts(replacement) {
        match part {
            RewritePart::Byte(byte) => out.push(byte),
            RewritePart::Group(number) => out.extend_from_slice(group(number).unwrap_or_default()),
            RewritePart::Bad => return,
        }
    }
}

/// The length of the first character of a text, in bytes. For RE2, surrogates are characters. A byte that does not start a
/// character has length 1.
pub(super) fn character_length(text: &[u8]) -> usize {
    let continues = |at: usize| text.get(at).is_some_and(|byte| (0x80..=0xBF).contains(byte));
    let second = text.get(1).copied().unwrap_or_default();
    match text.first() {
        Some(0xC2..=0xDF) if continues(1) => 2,
        Some(lead @ 0xE0..=0xEF) if continues(1) && continues(2) && (*lead > 0xE0 || second >= 0xA0) => 3,
        Some(lead @ 0xF0..=0xF4) if continues(1) && continues(2) && continues(3) => match (lead, second) {
            (0xF0, 0x80..=0x8F) | (0xF4, 0x90..) => 1,
            _ => 4,
        },
        _ => 1,
    }
}
