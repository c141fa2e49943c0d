//! Points in time, as claims and messages write them.

use serde_json::Value;

/// The seconds since 1970 that a claim names. Envoy reads numbers as doubles, and only those that fit into 64 bits (Envoy:
/// `StructUtils::GetUInt64`).
pub(super) fn seconds(claim: &Value) -> Option<u64> {
    const END: f64 = 18_446_744_073_709_551_616.0;
    claim.as_f64().filter(|seconds| (0.0..END).contains(seconds)).map(|seconds| seconds as u64)
}

/// A point in time for people: `2019-07-03T19:38:42Z`. (The date is that of the algorithm `civil_from_days` by Howard
/// Hinnant, whose years begin in March.)
pub(super) fn written(seconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    /// From March 1 of the year 0 to the year 1970.
    const DAYS_BEFORE: u64 = 719_468;
    let days = seconds / DAY + DAYS_BEFORE;
    let in_era = days % DAYS_OF_400_YEARS;
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + days / DAYS_OF_400_YEARS * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds % DAY / 3_600, seconds % 3_600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_562_182_722, "2019-07-03T19:38:42Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(written(seconds), expected);
        }
        assert!(written(u64::MAX).ends_with('Z'));
    }
}
