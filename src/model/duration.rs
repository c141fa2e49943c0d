//! Durations in Go's syntax.

use std::fmt;

/// A length of time in whole nanoseconds. It can be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    nanoseconds: i64,
}

/// The units of Go's duration syntax, in nanoseconds.
const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

impl Duration {
    /// A duration of a number of nanoseconds.
    pub fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self { nanoseconds }
    }

    /// The length in nanoseconds.
    pub fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// Parses a duration as Go's `time.ParseDuration` does: `1h30m`, `1.5s`, `-2s`, and `0` without a unit.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, mut rest) = match text.as_bytes().first()? {
            b'-' => (-1.0, &text[1..]),
            b'+' => (1.0, &text[1..]),
            _ => (1.0, text),
        };
        if rest == "0" {
            return Some(Self::default());
        }
        if rest.is_empty() {
            return None;
        }
        let mut total = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
            let (number, tail) = rest.split_at(digits);
            if !number.bytes().any(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let unit_end = tail.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_end);
            let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
            // Rust accepts "1." and ".5" and rejects "1.2.3", as Go does.
            total += number.parse::<f64>().ok()? * scale;
            rest = tail;
        }
        let nanoseconds = sign * total;
        (nanoseconds.abs() < i64::MAX as f64).then_some(Self { nanoseconds: nanoseconds.round() as i64 })
    }
}

impl fmt::Display for Duration {
    /// Writes `1h30m`, `1.5s` or `250ms`, without units that are 0. Zero is `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.nanoseconds.unsigned_abs();
        if self.nanoseconds < 0 {
            f.write_str("-")?;
        }
        if rest == 0 {
            return f.write_str("0s");
        }
        if rest < 1_000_000_000 {
            let (unit, scale) = match rest {
                0..1_000 => ("ns", 1.0),
                1_000..1_000_000 => ("µs", 1e3),
                _ => ("ms", 1e6),
            };
            return write!(f, "{}{unit}", rest as f64 / scale);
        }
        for (unit, length) in [("h", 3_600_000_000_000), ("m", 60_000_000_000)] {
            if rest >= length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        if rest > 0 { write!(f, "{}s", rest as f64 / 1e9) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn reads_what_go_reads() {
        let read = |text| Duration::parse(text).map(Duration::nanoseconds);
        for (text, nanoseconds) in [
            ("0", 0),
            ("10s", 10_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1.5ms", 1_500_000),
            ("-2s", -2_000_000_000),
        ] {
            assert_eq!(read(text), Some(nanoseconds), "{text}");
        }
        for text in ["", "5", "1d", "s", ".s", "1 s", "--1s", "10S"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn writes_the_short_form() {
        for text in ["0s", "10s", "1h30m", "1m30s", "1.5s", "250ms", "-2s"] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), text);
        }
    }
}
