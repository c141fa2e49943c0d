//! Fault injection (istio: `validateHTTPFaultInjection`).

use crate::advice::{Advice, Edit};
use crate::model::networking::{Abort, Delay, HttpFaultInjection, Percent};
use crate::validate::Mistake;
use crate::validate::fields::duration;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The names of gRPC status codes.
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The smallest percentage above 0 that Envoy can represent.
const SMALLEST: f64 = 0.0001;

/// Checks the delay and the abort.
pub fn check(fault: &HttpFaultInjection, violations: &mut Violations<'_>) {
    if fault.abort.is_none() && fault.delay.is_none() {
        violations
            .error("FA-1", Mistake::MissingField, fault.span, "the fault has neither `delay` nor `abort`")
            .help("add `delay` or `abort`, or remove `fault`");
    }
    if let Some(abort) = &fault.abort {
        check_abort(abort, violations);
    }
    if let Some(delay) = &fault.delay {
        check_delay(delay, violations);
    }
}

/// Checks an abort. If several kinds of errors are set, istiod uses the last one.
fn check_abort(abort: &Abort, violations: &mut Violations<'_>) {
    check_percentage(abort.percentage.as_ref(), violations);
    if let Some(error) = &abort.http2_error {
        violations
            .error("FA-4", Mistake::UnsupportedField, error.span, "istiod does not support `http2Error`")
            .help("use `httpStatus` or `grpcStatus`");
    } else if let Some(code) = &abort.grpc_status {
        if !GRPC_CODES.contains(&code.as_str()) {
            let message = format!("{} is not a gRPC status code", quoted(code));
            let violation = violations.error("FA-3", Mistake::InvalidReference, code.span, message);
            match crate::model::nearest(code, GRPC_CODES) {
                Some(nearest) => violation.did_you_mean(nearest),
                None => violation.help("write the name of a status code, such as `UNAVAILABLE`"),
            };
        }
    } else if let Some(status) = abort.http_status.filter(|status| !(200..=600).contains(&status.value)) {
        let message = format!("{} is not a valid HTTP status", status.value);
        violations.error("FA-5", Mistake::OutOfRange, status.span, message).help("use a status from 200 to 599");
    }
}

fn check_delay(delay: &Delay, violations: &mut Violations<'_>) {
    check_percentage(delay.percentage.as_ref(), violations);
    let Some(exponential) = delay.exponential_delay else {
        duration::check(delay.fixed_delay, "FA-6", violations);
        return;
    };
    duration::check(Some(exponential), "FA-6", violations);
    violations
        .error("FA-7", Mistake::UnsupportedField, exponential.span, "istiod does not support `exponentialDelay`")
        .help(match delay.fixed_delay {
            Some(_) => "use `fixedDelay`".into(),
            None => {
                let edit = Edit::rename_entry(exponential.span, "fixedDelay");
                Advice::new(format!("use {edit}")).fix([edit])
            }
        });
}

fn check_percentage(percentage: Option<&Percent>, violations: &mut Violations<'_>) {
    let Some(value) = percentage.and_then(|it| it.value) else { return };
    let number = value.value;
    if !(0.0..=100.0).contains(&number) || (number > 0.0 && number < SMALLEST) {
        let message = format!("{number} is not a valid percentage");
        violations
            .error("FA-2", Mistake::OutOfRange, value.span, message)
            .help(format!("use 0, or a number from {SMALLEST} to 100"));
    }
}
