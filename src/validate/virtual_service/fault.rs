//! Faults (istio: `validateHTTPFaultInjection`).

use crate::model::networking::{Abort, Delay, HttpFaultInjection, Percent};
use crate::validate::Family;
use crate::validate::common::duration;
use crate::validate::violation::Found;

/// The codes of gRPC, as a fault names them.
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

/// The smallest share that Envoy can express.
const SMALLEST: f64 = 0.0001;

/// Checks delay and abort.
pub fn check(fault: &HttpFaultInjection, found: &mut Found<'_>) {
    if fault.abort.is_none() && fault.delay.is_none() {
        found
            .error("FA-1", Family::MissingField, fault.span, "this fault neither delays nor aborts")
            .help("add delay or abort, or remove it");
    }
    if let Some(abort) = &fault.abort {
        check_abort(abort, found);
    }
    if let Some(delay) = &fault.delay {
        check_delay(delay, found);
    }
}

/// Of several kinds of errors the last one counts.
fn check_abort(abort: &Abort, found: &mut Found<'_>) {
    check_share(abort.percentage.as_ref(), found);
    if let Some(error) = &abort.http2_error {
        found
            .error("FA-4", Family::NoEffect, error.span, "aborting with an error of HTTP/2 is not supported")
            .help("write httpStatus or grpcStatus");
    } else if let Some(code) = &abort.grpc_status {
        if !GRPC_CODES.contains(&code.as_str()) {
            let message = format!("{:?} is no code of gRPC", code.value);
            let help = match crate::model::nearest(code, GRPC_CODES) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => "it takes a name such as UNAVAILABLE".to_owned(),
            };
            found.error("FA-3", Family::InvalidReference, code.span, message).help(help);
        }
    } else if let Some(status) = abort.http_status.filter(|status| !(200..=600).contains(&status.value)) {
        let message = format!("{} is no status to abort with", status.value);
        found.error("FA-5", Family::OutOfRange, status.span, message).help("it takes 200 to 599");
    }
}

fn check_delay(delay: &Delay, found: &mut Found<'_>) {
    check_share(delay.percentage.as_ref(), found);
    let Some(exponential) = delay.exponential_delay else {
        duration::check(delay.fixed_delay, "FA-6", found);
        return;
    };
    duration::check(Some(exponential), "FA-6", found);
    found
        .error("FA-7", Family::NoEffect, exponential.span, "exponential delays are not supported")
        .help("write fixedDelay");
}

fn check_share(share: Option<&Percent>, found: &mut Found<'_>) {
    let Some(value) = share.and_then(|share| share.value) else { return };
    let share = value.value;
    if !(0.0..=100.0).contains(&share) || (share > 0.0 && share < SMALLEST) {
        let message = format!("{share} is no percentage");
        found.error("FA-2", Family::OutOfRange, value.span, message).help(format!("it takes 0, or {SMALLEST} to 100"));
    }
}
