//! Decoding of scalars: strings, booleans, numbers and durations.

use super::decode::{Decode, Decoder};
use super::duration::Duration;
use crate::source::Spanned;
use crate::yaml::{Node, Value};

impl Decode for Spanned<String> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(Spanned::new(text.to_string(), node.span)),
            Value::Null => Some(Spanned::new(String::new(), node.span)),
            // Most likely only the quotes are missing, so the scalar as written is the best value.
            _ => {
                decoder.wrong_type(node, "a string");
                decoder.raw_scalar(node).map(|text| Spanned::new(text, node.span))
            }
        }
    }
}

impl Decode for Spanned<bool> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match node.value {
            Value::Bool(value) => Some(Spanned::new(value, node.span)),
            Value::Null => Some(Spanned::new(false, node.span)),
            _ => {
                decoder.wrong_type(node, "a boolean");
                None
            }
        }
    }
}

/// An integer type of the API, with the range that messages name.
trait Integer: TryFrom<i64> + Default {
    const EXPECTED: &'static str;
}

impl Integer for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";
}

impl Integer for i32 {
    const EXPECTED: &'static str = "a whole number from -2147483648 to 2147483647";
}

impl Integer for u64 {
    const EXPECTED: &'static str = "a whole number, 0 or more";
}

impl Integer for i64 {
    const EXPECTED: &'static str = "a whole number";
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Decode for Spanned<$type> {
            fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
                integer::<$type>(node, decoder).map(|value| Spanned::new(value, node.span))
            }
        }
    )*};
}

integers!(u32, i32, u64, i64);

/// Decodes an integer, which may be in quotes. `80.0` is an integer, `"80.0"` is not.
fn integer<T: Integer>(node: &Node, decoder: &mut Decoder<'_>) -> Option<T> {
    let number = match &node.value {
        Value::Null => return Some(T::default()),
        Value::Int(number) => Some(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Some(*number as i64),
        Value::Float(_) => None,
        Value::String(text) if is_json_integer(text) => {
            decoder.quoted_number(node, text);
            text.parse().ok()
        }
        _ => {
            decoder.wrong_type(node, "a number");
            return None;
        }
    };
    let value = number.and_then(|number| T::try_from(number).ok());
    if value.is_none() {
        decoder.invalid(node, T::EXPECTED, None);
    }
    value
}

/// Whether JSON accepts a text as an integer: no plus sign, no leading zeros, decimal digits only.
fn is_json_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits && (digits == "0" || !digits.starts_with('0'))
}

impl Decode for Spanned<f64> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let number = match &node.value {
            Value::Null => 0.0,
            Value::Int(number) => *number as f64,
            Value::Float(number) => *number,
            Value::String(text) => {
                let number = match &**text {
                    "NaN" => Some(f64::NAN),
                    "Infinity" => Some(f64::INFINITY),
                    "-Infinity" => Some(f64::NEG_INFINITY),
                    quoted => serde_json::from_str(quoted).ok(),
                };
                let Some(number) = number else {
                    decoder.wrong_type(node, "a number");
                    return None;
                };
                decoder.quoted_number(node, text);
                number
            }
            _ => {
                decoder.wrong_type(node, "a number");
                return None;
            }
        };
        Some(Spanned::new(number, node.span))
    }
}

impl Decode for Spanned<Duration> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match &node.value {
            Value::Null => Some(Spanned::new(Duration::default(), node.span)),
            Value::String(text) => match Duration::parse(text) {
                Some(duration) => Some(Spanned::new(duration, node.span)),
                None => {
                    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
                    let suggestion = is_number.then(|| format!("{text}s"));
                    decoder.invalid(node, "a duration such as `500ms`, `10s` or `1h30m`", suggestion);
                    None
                }
            },
            _ => {
                decoder.wrong_type(node, "a duration such as `10s`");
                None
            }
        }
    }
}
