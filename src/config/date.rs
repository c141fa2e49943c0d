//! Days of the calendar.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer};

/// A day of the Gregorian calendar. Days order by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of a text such as `2026-12-31`; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return None };
        let is_number = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        if !(is_number(year, 4) && is_number(month, 2) && is_number(day, 2)) {
            return None;
        }
        let date = Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
        ((1..=12).contains(&date.month) && (1..=days_in(date.year, date.month)).contains(&date.day)).then_some(date)
    }

    /// The day of a time in UTC.
    pub fn of(time: SystemTime) -> Self {
        const SECONDS: u64 = 24 * 60 * 60;
        let mut days = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() / SECONDS;
        let mut date = Self { year: 1970, month: 1, day: 1 };
        loop {
            let length = u64::from(days_in(date.year, date.month));
            if days < length {
                break;
            }
            days -= length;
            (date.year, date.month) = if date.month == 12 { (date.year + 1, 1) } else { (date.year, date.month + 1) };
        }
        Self { day: 1 + u8::try_from(days).unwrap_or_default(), ..date }
    }
}

/// The number of days of a month.
fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a day")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_do_not_exist_are_not_dates() {
        for text in ["2026-12-31", "2028-02-29", "2000-02-29"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in ["2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "+026-01-01", "2026-01", ""] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2026-12-31") < Date::parse("2027-01-01"));
    }

    #[test]
    fn times_have_days() {
        let day = |seconds| Date::of(UNIX_EPOCH + Duration::from_secs(seconds)).to_string();
        assert_eq!((day(0), day(86_399), day(86_400)), ("1970-01-01".into(), "1970-01-01".into(), "1970-01-02".into()));
        // `date -u -d @1709164800` and the second before.
        assert_eq!((day(1_709_164_799), day(1_709_164_800)), ("2024-02-28".to_owned(), "2024-02-29".to_owned()));
        assert_eq!(day(1_796_083_200), "2026-12-01");
    }
}
