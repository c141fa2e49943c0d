//! `fault-beside-retries`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{HttpFaultInjection, HttpRoute, Percent};

pub static RULE: Rule = rule! {
    name: "fault-beside-retries",
    summary: "a route injects faults, and its retries or timeout do not apply to them",
    findings: [&RETRIES, &TIMEOUT],
    check: check,
};

static RETRIES: Finding = finding! {
    "retries", Surprising, Certain, [],
    "the route has retries, but Envoy does not retry the requests that the fault aborts",
};
static TIMEOUT: Finding = finding! {
    "timeout", Surprising, Certain, [],
    "the route has a timeout, but the delay does not count towards the timeout",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for route in context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http) {
        if let Some(fault) = &route.fault {
            check_fault(route, fault, diagnostics);
        }
    }
}

/// Envoy injects faults in a filter before the router, and the router retries and measures time (istiod: the order of
/// HTTP filters).
fn check_fault(route: &HttpRoute, fault: &HttpFaultInjection, diagnostics: &mut Diagnostics) {
    let abort = fault.abort.as_ref().filter(|abort| is_injected(abort.percentage.as_ref()));
    let delay = fault.delay.as_ref().filter(|delay| {
        is_injected(delay.percentage.as_ref()) || delay.percent.is_some_and(|percent| percent.value > 0)
    });
    let retries = route.retries.as_ref().filter(|it| it.attempts.is_some_and(|attempts| attempts.value > 0));
    let (finding, place, message, (other, label)) = match (abort, delay, retries, route.timeout) {
        (Some(abort), _, Some(retries), _) => {
            let message = "Envoy does not retry requests that this fault aborts";
            (&RETRIES, abort.span, message, (retries.span, "the retries of the route"))
        }
        (_, Some(delay), _, Some(timeout)) => {
            let message = "the delay does not count towards `timeout`: Envoy starts the clock after the delay";
            (&TIMEOUT, delay.span, message, (timeout.span, "the timeout of the route"))
        }
        (_, Some(delay), Some(retries), _) if retries.per_try_timeout.is_some() => {
            let message = "the delay does not count towards `perTryTimeout`: the first try starts after the delay";
            (&TIMEOUT, delay.span, message, (retries.span, "the retries of the route"))
        }
        _ => return,
    };
    diagnostics
        .report(finding, place, message)
        .related(other, label)
        .help("inject the fault where the destination calls other services, or remove the fault after the test");
}

fn is_injected(share: Option<&Percent>) -> bool {
    share.and_then(|share| share.value).is_some_and(|value| value.value > 0.0)
}
