//! The tokens of an expression.

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CelToken<'t> {
    /// A name, or a reserved word.
    Name(&'t str),
    /// A number, a string, `true`, `false`, `null`.
    Literal,
    /// Anything else, including `in`.
    Operator(&'t str),
}

const OPERATORS: [&str; 24] = [
    "||", "&&", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

/// Splits a text into tokens. Returns `None` if a part of the text is not a token.
pub fn tokens(text: &str) -> Option<Vec<CelToken<'_>>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        if rest.is_empty() {
            return Some(found);
        }
        let (token, length) = token(rest)?;
        found.push(token);
        rest = &rest[length..];
    }
}

fn token(text: &str) -> Option<(CelToken<'_>, usize)> {
    if let Some(length) = string(text) {
        return length.map(|length| (CelToken::Literal, length));
    }
    let first = text.as_bytes()[0];
    let after_dot = text.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || (first == b'.' && after_dot) {
        return Some((CelToken::Literal, number(text)));
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let length = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
        let token = match &text[..length] {
            "true" | "false" | "null" => CelToken::Literal,
            "in" => CelToken::Operator("in"),
            name => CelToken::Name(name),
        };
        return Some((token, length));
    }
    let operator = OPERATORS.iter().find(|operator| text.starts_with(**operator))?;
    Some((CelToken::Operator(operator), operator.len()))
}

/// The length of a number: decimal, hexadecimal, with a fraction and an exponent, or unsigned.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unsigned = |end: usize| end + usize::from(matches!(bytes.get(end), Some(b'u' | b'U')));
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        let length = hexadecimal.bytes().take_while(u8::is_ascii_hexdigit).count();
        if length > 0 {
            return unsigned(2 + length);
        }
    }
    let whole = digits(0);
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            return exponent;
        }
    }
    if end == whole { unsigned(end) } else { end }
}

/// The length of the string literal at the start of a text. `None` if there is no literal, `Some(None)` if it is not
/// valid.
fn string(text: &str) -> Option<Option<usize>> {
    let start = text.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\''))?;
    let prefix = text[..start].to_ascii_lowercase();
    let is_raw = prefix.contains('r');
    if !["", "r", "b", "rb", "br"].contains(&prefix.as_str()) {
        return None;
    }
    let quote = &text[start..=start];
    let triple = quote.repeat(3);
    let quotes = if text[start..].starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = start + quotes.len();
    while let Some(letter) = text[at..].chars().next() {
        if text[at..].starts_with(quotes) {
            return Some(Some(at + quotes.len()));
        }
        if matches!(letter, '\n' | '\r') && quotes.len() == 1 {
            return Some(None);
        }
        at += match letter {
            '\\' if !is_raw => match escape(&text[at + 1..]) {
                Some(length) => 1 + length,
                None => return Some(None),
            },
            letter => letter.len_utf8(),
        };
    }
    Some(None)
}

/// The length of an escape sequence after its backslash.
fn escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let has = |count: usize, is_digit: fn(&u8) -> bool| {
        bytes.get(1..=count).is_some_and(|digits| digits.iter().all(is_digit)).then_some(1 + count)
    };
    match bytes.first()? {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'?' | b'"' | b'\'' | b'`' => Some(1),
        b'x' | b'X' => has(2, u8::is_ascii_hexdigit),
        b'u' => has(4, u8::is_ascii_hexdigit),
        b'U' => has(8, u8::is_ascii_hexdigit),
        b'0'..=b'3' => has(2, |byte| matches!(byte, b'0'..=b'7')),
        _ => None,
    }
}
