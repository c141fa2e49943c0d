//! Retries (istio: `validateHTTPRetry`).

use crate::model::networking::HttpRetry;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::duration;
use crate::validate::common::field::{filled, place};
use crate::validate::violation::Found;

/// The conditions that Envoy knows, for HTTP and for gRPC.
const CONDITIONS: [&str; 16] = [
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Checks how often, how long and when.
pub fn check(retries: &HttpRetry, found: &mut Found<'_>) {
    let attempts = retries.attempts.map_or(0, |attempts| attempts.value);
    let span = place(&retries.attempts, retries.span);
    if attempts < 0 {
        found
            .error("RE-1", Family::OutOfRange, span, "the number of attempts is negative")
            .help("write 0 for none, or more");
    }
    let retry_on = filled(&retries.retry_on);
    let sets_more =
        retries.per_try_timeout.is_some() || retry_on.is_some() || retries.retry_remote_localities.is_some();
    if attempts == 0 && sets_more {
        found
            .error("RE-2", Family::ConflictingFields, span, "nothing is retried, yet it is said when or how long")
            .help("write attempts, or remove the other fields");
    }
    duration::check(retries.per_try_timeout, "RE-3", found);
    duration::check(retries.backoff, "RE-5", found);
    if let Some(retry_on) = retry_on {
        check_conditions(retry_on, found);
    }
}

fn check_conditions(retry_on: &Spanned<String>, found: &mut Found<'_>) {
    for condition in retry_on.split(',').filter(|condition| !is_condition(condition)) {
        let message = format!("{condition:?} is no condition to retry on");
        let trimmed = condition.trim();
        let help = if is_condition(trimmed) {
            format!("write {trimmed:?}, without spaces around commas")
        } else {
            match crate::model::nearest(trimmed, CONDITIONS) {
                Some(nearest) => format!("did you mean {nearest:?}?"),
                None => "it takes conditions of Envoy's such as 5xx, reset or unavailable, and status codes".to_owned(),
            }
        };
        found.error("RE-4", Family::InvalidReference, retry_on.span, message).help(help);
    }
}

fn is_condition(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_status = is_number && text.parse().is_ok_and(is_registered_status);
    is_status || CONDITIONS.contains(&text)
}

/// The statuses that have a reason phrase in IANA's registry, as Go knows it.
fn is_registered_status(status: i64) -> bool {
    matches!(
        status,
        100..=103
            | 200..=208
            | 226
            | 300..=305
            | 307
            | 308
            | 400..=418
            | 421..=426
            | 428
            | 429
            | 431
            | 451
            | 500..=508
            | 510
            | 511
    )
}
