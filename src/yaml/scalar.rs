//! Values of scalars by the rules of go-yaml v2, and texts of keys.

use super::Value;
use std::borrow::Cow;

/// The value of a plain scalar without a tag. Infinities and NaN are floats.
pub fn resolve(text: &str) -> Value {
    let found = match text.as_bytes().first() {
        None => Some(Value::Null),
        Some(b'0'..=b'9' | b'+' | b'-') => not_finite(text).or_else(|| number(text)),
        // go-yaml removes underscores from a number, unless it starts with its decimal point.
        Some(b'.') => not_finite(text).or_else(|| float(text)),
        Some(b'~' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => word(text),
        Some(_) => None,
    };
    found.unwrap_or_else(|| Value::String(text.into()))
}

/// The words for null and the booleans.
fn word(text: &str) -> Option<Value> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Value::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        _ => None,
    }
}

fn not_finite(text: &str) -> Option<Value> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Value::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Value::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => Some(Value::Float(f64::NAN)),
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain).or_else(|| float(&plain))
}

/// An integer as Go's `ParseInt` reads it with base 0. An integer that fits only `u64` becomes a float.
fn integer(plain: &str) -> Option<Value> {
    let (negative, unsigned) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Value::Int);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Value::Int(value)),
        // Go's `ParseUint` does not allow a sign.
        Err(_) if plain.starts_with('+') => None,
        Err(_) => Some(Value::Float(magnitude as f64)),
    }
}

/// A float: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` without overflow.
fn float(plain: &str) -> Option<Value> {
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fits = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !digits.is_empty() && all_digits(digits)
        });
    if !fits {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Float)
}

/// The value of a scalar with a tag of YAML's core schema. Quotes do not matter, unlike without a tag.
/// The error is the type that the text does not have.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Result<Value, &'static str> {
    match (tag, resolve(text)) {
        ("null", Value::Null) => Ok(Value::Null),
        ("bool", value @ Value::Bool(_)) | ("int", value @ Value::Int(_)) | ("float", value @ Value::Float(_)) => {
            Ok(value)
        }
        ("float", Value::Int(value)) => Ok(Value::Float(value as f64)),
        // An integer between `i64` and `u64`.
        ("int", Value::Float(value)) if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
            Ok(Value::Float(value))
        }
        ("null", _) => Err("null"),
        ("bool", _) => Err("a boolean"),
        ("int", _) => Err("an integer"),
        ("float", _) => Err("a number"),
        _ => Ok(Value::String(text.into())),
    }
}

/// The text of a key in JSON. `None` for null and collections, which cannot be keys.
pub(super) fn key_text(value: Value) -> Option<Box<str>> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(true) => Some("true".into()),
        Value::Bool(false) => Some("false".into()),
        Value::Int(value) => Some(value.to_string().into()),
        Value::Float(value) => Some(short_float(value).into()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// A float as Go formats it with `'g', -1, 32`.
fn short_float(value: f64) -> String {
    let value = value as f32;
    if !value.is_finite() {
        return if value.is_nan() {
            ".nan"
        } else if value > 0.0 {
            ".inf"
        } else {
            "-.inf"
        }
        .into();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go chooses the form as if the shortest representation had six significant digits.
    if (-4..6).contains(&exponent) {
        value.to_string()
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Value {
        Value::String(text.into())
    }

    #[test]
    fn words() {
        for text in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
            assert_eq!(resolve(text), Value::Bool(true), "{text}");
        }
        for text in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
            assert_eq!(resolve(text), Value::Bool(false), "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(text), Value::Null, "{text}");
        }
        for text in ["nULL", "yEs", "oN", "tRUE", "none", "~~", "N/A", "yes please", "on-call", "<<", "="] {
            assert_eq!(resolve(text), string(text));
        }
    }

    #[test]
    fn integers() {
        let table = [
            ("0", 0),
            ("-0", 0),
            ("+5", 5),
            ("0777", 511),
            ("0o777", 511),
            ("-0777", -511),
            ("0x1F", 31),
            ("0X1f", 31),
            ("-0x10", -16),
            ("0b101", 5),
            ("-0b101", -5),
            ("1_000", 1000),
            ("1__0_", 10),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, value) in table {
            assert_eq!(resolve(text), Value::Int(value), "{text}");
        }
    }

    #[test]
    fn floats() {
        let table = [
            ("08", 8.0),
            ("09", 9.0),
            ("1.10", 1.1),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("-.5", -0.5),
            ("+1.5e-1", 0.15),
            ("1_0.5", 10.5),
            ("18446744073709551615", 18446744073709551615.0),
            ("18446744073709551616", 18446744073709551616.0),
            ("-9223372036854775809", -9223372036854775809.0),
            ("0xFFFFFFFFFFFFFFFF", 18446744073709551615.0),
            (".inf", f64::INFINITY),
            ("+.Inf", f64::INFINITY),
            ("-.INF", f64::NEG_INFINITY),
        ];
        for (text, value) in table {
            assert_eq!(resolve(text), Value::Float(value), "{text}");
        }
        assert!(matches!(resolve(".nan"), Value::Float(value) if value.is_nan()));
    }

    #[test]
    fn strings() {
        let table = [
            "1:30",
            "12:30:45",
            "2001-01-01",
            "1.2.3",
            "5s",
            "10.0.0.1",
            "0x",
            "0b2",
            "0o8",
            "1e999",
            "1e",
            ".e1",
            ".",
            "-",
            "+",
            "--1",
            "+-1",
            "-.nan",
            "inf",
            "NaN",
            "_1",
            ".5_0",
            "0x1.8p1",
            "1 2",
            "0xFFFFFFFFFFFFFFFFF",
            "1e+",
            "é",
            "-é",
            "0é",
            "..5",
            "+_",
            "0_",
        ];
        for text in table.iter().filter(|&&text| text != "0_") {
            assert_eq!(resolve(text), string(text));
        }
        assert_eq!(resolve("0_"), Value::Int(0));
    }

    #[test]
    fn tags() {
        assert_eq!(resolve_tagged("str", "12"), Ok(string("12")));
        assert_eq!(resolve_tagged("int", "12"), Ok(Value::Int(12)));
        assert_eq!(resolve_tagged("float", "12"), Ok(Value::Float(12.0)));
        assert_eq!(resolve_tagged("bool", "y"), Ok(Value::Bool(true)));
        assert_eq!(resolve_tagged("null", ""), Ok(Value::Null));
        assert_eq!(resolve_tagged("int", "1.5"), Err("an integer"));
        assert_eq!(resolve_tagged("int", "x"), Err("an integer"));
        assert_eq!(resolve_tagged("bool", "1"), Err("a boolean"));
        assert_eq!(resolve_tagged("seq", "1"), Ok(string("1")));
    }

    #[test]
    fn keys() {
        let table = [
            ("8080", "8080"),
            ("0777", "511"),
            ("y", "true"),
            ("off", "false"),
            ("1.10", "1.1"),
            ("1e3", "1000"),
            ("1e6", "1e+06"),
            ("123456.0", "123456"),
            ("1234567.5", "1.2345675e+06"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("0.1", "0.1"),
            ("-.inf", "-.inf"),
            ("1e300", ".inf"),
            ("x", "x"),
        ];
        for (text, key) in table {
            assert_eq!(key_text(resolve(text)).as_deref(), Some(key), "{text}");
        }
        assert_eq!(key_text(Value::Null), None);
    }
}
