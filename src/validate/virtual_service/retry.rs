//! Retries (istio: `validateHTTPRetry`).

use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::HttpRetry;
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::fields::duration;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The retry conditions of Envoy, for HTTP and for gRPC.
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

/// Checks a retry policy.
pub fn check(retries: &HttpRetry, violations: &mut Violations<'_>) {
    let attempts = retries.attempts.map_or(0, |attempts| attempts.value);
    let span = retries.attempts.place(retries.span);
    if attempts < 0 {
        violations
            .error("RE-1", Mistake::OutOfRange, span, "`attempts` is negative")
            .help("use a positive number, or 0 for no retries");
    }
    let retry_on = retries.retry_on.filled();
    let sets_more =
        retries.per_try_timeout.is_some() || retry_on.is_some() || retries.retry_remote_localities.is_some();
    if attempts == 0 && sets_more {
        violations
            .error(
                "RE-2",
                Mistake::ConflictingFields,
                span,
                "the retry settings contradict `attempts: 0`, which disables retries",
            )
            .help("set `attempts` to a positive number, or remove the other fields");
    }
    duration::check(retries.per_try_timeout, "RE-3", violations);
    duration::check(retries.backoff, "RE-5", violations);
    if let Some(retry_on) = retry_on {
        check_conditions(retry_on, violations);
    }
}

fn check_conditions(retry_on: &Spanned<String>, violations: &mut Violations<'_>) {
    for condition in retry_on.split(',').filter(|condition| !is_condition(condition)) {
        let message = format!("{} is not a retry condition", quoted(condition));
        let trimmed = condition.trim();
        let instead = |other: &str| Edit::set(retry_on.span, retry_on.replacen(condition, other, 1)).shown(other);
        let help = if is_condition(trimmed) {
            let edit = instead(trimmed);
            Advice::new(format!("write {edit}, without spaces around commas")).fix([edit])
        } else {
            match crate::model::nearest(trimmed, CONDITIONS) {
                Some(nearest) => Advice::did_you_mean(instead(nearest)),
                None => "use conditions of Envoy, such as `5xx`, `reset` or `unavailable`, or status codes".into(),
            }
        };
        violations.error("RE-4", Mistake::InvalidReference, retry_on.span, message).help(help);
    }
}

fn is_condition(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_status = is_number && text.parse().is_ok_and(is_registered_status);
    is_status || CONDITIONS.contains(&text)
}

/// Whether a status has a reason phrase in IANA's registry, as of Go's `net/http`.
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
