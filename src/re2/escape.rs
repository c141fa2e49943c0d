//! Escapes of a single character.

use super::cursor::Cursor;
use super::error::{ErrorCode, InvalidRegex};

/// The largest code point.
pub(super) const LAST: u32 = 0x10_FFFF;

/// Reads the escape at the cursor. Returns its code point, which may be a surrogate.
pub(super) fn escape(cursor: &mut Cursor<'_>) -> Result<u32, InvalidRegex> {
    let start = cursor.at();
    cursor.skip(1);
    let Some(letter) = cursor.take() else {
        return Err(cursor.fault(ErrorCode::TrailingBackslash, start));
    };
    let code = match letter {
        'a' => Some(0x07),
        'f' => Some(0x0C),
        'n' => Some(0x0A),
        'r' => Some(0x0D),
        't' => Some(0x09),
        'v' => Some(0x0B),
        'x' => hexadecimal(cursor),
        '0' => Some(octal(cursor, 0)),
        // A single digit would be a backreference.
        '1'..='7' => {
            cursor.peek().filter(|next| next.is_digit(8)).and_then(|_| Some(octal(cursor, letter.to_digit(8)?)))
        }
        letter if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Some(u32::from(letter)),
        _ => None,
    };
    code.ok_or_else(|| cursor.fault(ErrorCode::Escape, start))
}

/// Reads up to two more octal digits.
fn octal(cursor: &mut Cursor<'_>, first: u32) -> u32 {
    let mut code = first;
    for _ in 0..2 {
        let Some(digit) = cursor.take_if(|letter| letter.is_digit(8)).and_then(|letter| letter.to_digit(8)) else {
            break;
        };
        code = code * 8 + digit;
    }
    code
}

/// Reads two hexadecimal digits, or any number of them in braces.
fn hexadecimal(cursor: &mut Cursor<'_>) -> Option<u32> {
    let first = cursor.take()?;
    if first != '{' {
        let second = cursor.take()?;
        return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
    }
    let mut code = None;
    loop {
        match cursor.take()? {
            '}' => return code,
            letter => code = Some(code.unwrap_or(0) * 16 + letter.to_digit(16)?).filter(|code| *code <= LAST),
        }
        code?;
    }
}
