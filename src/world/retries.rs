//! Retry policies of HTTP routes.

use crate::model::networking::HttpRetry;
use crate::source::Spanned;

/// istiod's retry policy (istiod: `retry.DefaultPolicy`).
const ATTEMPTS: i32 = 2;
const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

/// The retry policy of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The number of retries, more than zero.
    pub attempts: i32,
    /// The timeout of each attempt.
    pub per_try_timeout: Option<String>,
    /// The conditions for a retry.
    pub retry_on: String,
    /// Whether it is istiod's own.
    pub is_built_in: bool,
}

impl RetryPolicy {
    /// istiod's policy for routes without one, in a mesh without one.
    pub fn built_in() -> Self {
        Self { attempts: ATTEMPTS, per_try_timeout: None, retry_on: RETRY_ON.to_owned(), is_built_in: true }
    }

    /// The policy that `retries` of a route or of a MeshConfig describes. What it does not set is istiod's. `None` if
    /// there are no retries: without `attempts`, or with zero (istiod: `retry.ConvertPolicy`).
    pub fn written(written: &HttpRetry) -> Option<Self> {
        let attempts = written.attempts.map_or(0, |attempts| attempts.value);
        let retry_on = written.retry_on.as_ref().and_then(Spanned::filled);
        (attempts > 0).then(|| Self {
            attempts,
            per_try_timeout: written.per_try_timeout.map(|timeout| timeout.value.to_string()),
            retry_on: retry_on.unwrap_or(RETRY_ON).to_owned(),
            is_built_in: false,
        })
    }
}
