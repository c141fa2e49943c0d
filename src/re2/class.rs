//! Character classes: brackets and escapes such as `\d`.

use super::charset::CharSet;
use super::cursor::Cursor;
use super::error::{ErrorCode, InvalidRegex};
use super::escape::escape;
use super::unicode;

const DIGITS: &[(u32, u32)] = &[(0x30, 0x39)];
const BLANKS: &[(u32, u32)] = &[(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)];
const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];

/// The named classes, as in `[[:alpha:]]`. They contain ASCII only.
const NAMED: [(&str, &[(u32, u32)]); 14] = [
    ("alnum", &[(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)]),
    ("alpha", &[(0x41, 0x5A), (0x61, 0x7A)]),
    ("ascii", &[(0x00, 0x7F)]),
    ("blank", &[(0x09, 0x09), (0x20, 0x20)]),
    ("cntrl", &[(0x00, 0x1F), (0x7F, 0x7F)]),
    ("digit", DIGITS),
    ("graph", &[(0x21, 0x7E)]),
    ("lower", &[(0x61, 0x7A)]),
    ("print", &[(0x20, 0x7E)]),
    ("punct", &[(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)]),
    ("space", &[(0x09, 0x0D), (0x20, 0x20)]),
    ("upper", &[(0x41, 0x5A)]),
    ("word", WORD),
    ("xdigit", &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]),
];

/// Reads the bracketed class at the cursor.
pub(super) fn bracketed(cursor: &mut Cursor<'_>, fold: bool) -> Result<CharSet, InvalidRegex> {
    let start = cursor.at();
    cursor.skip(1);
    let is_negated = cursor.eat("^");
    let mut ranges = Vec::new();
    let mut first = true;
    // A closing bracket at the start is a literal.
    while first || !cursor.rest().starts_with(']') {
        first = false;
        if let Some(set) = named(cursor, fold)? {
            ranges.extend_from_slice(set.ranges());
        } else if let Some(set) = escaped(cursor, fold, true)? {
            ranges.extend_from_slice(set.ranges());
        } else {
            let range = range(cursor, start)?;
            if fold {
                ranges.extend_from_slice(CharSet::of(&[range]).folded().ranges());
            } else {
                ranges.push(range);
            }
        }
        if cursor.rest().is_empty() {
            return Err(cursor.fault(ErrorCode::MissingBracket, start));
        }
    }
    cursor.skip(1);
    let set = CharSet::of(&ranges);
    Ok(if is_negated { set.negated() } else { set })
}

/// Reads a class such as `\d` or `\p{Greek}`, if one is at the cursor.
pub(super) fn escaped(cursor: &mut Cursor<'_>, fold: bool, in_bracket: bool) -> Result<Option<CharSet>, InvalidRegex> {
    let start = cursor.at();
    let Some(letter) = cursor.rest().strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    let ranges = match letter {
        'd' | 'D' => DIGITS,
        's' | 'S' => BLANKS,
        'w' | 'W' => WORD,
        // At the end of an unclosed class, RE2 reports a bad escape.
        'p' | 'P' if !in_bracket || cursor.rest().len() > 2 => {
            cursor.skip(2);
            let (set, is_negated) = property(cursor, start)?;
            return Ok(Some(finished(&set, fold, is_negated != (letter == 'P'))));
        }
        _ => return Ok(None),
    };
    cursor.skip(2);
    Ok(Some(finished(&CharSet::of(ranges), fold, letter.is_ascii_uppercase())))
}

/// Reads the name of a Unicode class: one letter, or several in braces. The flag says whether a `^` negates it.
fn property(cursor: &mut Cursor<'_>, start: usize) -> Result<(CharSet, bool), InvalidRegex> {
    let name_start = cursor.at();
    let name = match cursor.take() {
        Some('{') => {
            let Some(length) = cursor.rest().find('}') else {
                return Err(cursor.fault_to_end(ErrorCode::ClassRange, start));
            };
            cursor.skip(length + 1);
            let braced = cursor.since(name_start);
            &braced[1..braced.len() - 1]
        }
        _ => cursor.since(name_start),
    };
    let bare = name.strip_prefix('^');
    let set = unicode::class(bare.unwrap_or(name)).ok_or_else(|| cursor.fault(ErrorCode::ClassRange, start))?;
    Ok((set, bare.is_some()))
}

/// Reads a named class such as `[:alpha:]`, if one is at the cursor. Without a `:]` after it, the bracket is a literal.
fn named(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<CharSet>, InvalidRegex> {
    let start = cursor.at();
    let Some((name, _)) = cursor.rest().strip_prefix("[:").and_then(|rest| rest.split_once(":]")) else {
        return Ok(None);
    };
    cursor.skip(name.len() + 4);
    let bare = name.strip_prefix('^');
    let wanted = bare.unwrap_or(name);
    let Some((_, ranges)) = NAMED.iter().find(|(known, _)| *known == wanted) else {
        return Err(cursor.fault(ErrorCode::ClassRange, start));
    };
    Ok(Some(finished(&CharSet::of(ranges), fold, bare.is_some())))
}

/// Reads a character or a range.
fn range(cursor: &mut Cursor<'_>, class_start: usize) -> Result<(u32, u32), InvalidRegex> {
    let start = cursor.at();
    let low = member(cursor, class_start)?;
    let rest = cursor.rest();
    if !rest.starts_with('-') || rest.len() == 1 || rest[1..].starts_with(']') {
        return Ok((low, low));
    }
    cursor.skip(1);
    let high = member(cursor, class_start)?;
    if high < low { Err(cursor.fault(ErrorCode::ClassRange, start)) } else { Ok((low, high)) }
}

fn member(cursor: &mut Cursor<'_>, class_start: usize) -> Result<u32, InvalidRegex> {
    if cursor.peek() == Some('\\') {
        return escape(cursor);
    }
    cursor.take().map(u32::from).ok_or_else(|| cursor.fault(ErrorCode::MissingBracket, class_start))
}

/// Folds case before negation, as RE2 does: `(?i)\PL` contains no other case of any letter.
fn finished(set: &CharSet, fold: bool, negate: bool) -> CharSet {
    let set = if fold { set.folded() } else { set.clone() };
    if negate { set.negated() } else { set }
}
