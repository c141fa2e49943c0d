//! `retries-exceed-timeout`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::HttpRoute;

pub static RULE: Rule = rule! {
    name: "retries-exceed-timeout",
    summary: "the timeout of the request ends before all retries are made",
    findings: [&NO_RETRY, &FEWER_RETRIES],
    check: check,
};

static NO_RETRY: Finding = finding! {
    "no-retry", Surprising, Certain, [],
    "a single try can last as long as the timeout, so Envoy does not retry a try that times out",
};
static FEWER_RETRIES: Finding = finding! {
    "fewer-retries", Surprising, Likely, [],
    "the timeout ends before all tries are made, if each takes its maximal time",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for route in context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http) {
        check_route(route, diagnostics);
    }
}

/// The timeout includes all tries (Envoy: `timeout` and `per_try_timeout`).
fn check_route(route: &HttpRoute, diagnostics: &mut Diagnostics) {
    let (Some(timeout), Some(retries)) = (route.timeout, &route.retries) else { return };
    let Some(per_try) = retries.per_try_timeout else { return };
    let (whole, single) = (i128::from(timeout.nanoseconds()), i128::from(per_try.nanoseconds()));
    let attempts = retries.attempts.map_or(0, |attempts| attempts.value);
    if whole <= 0 || single <= 0 || attempts < 1 {
        return;
    }
    let tries = i128::from(attempts) + 1;
    if single >= whole {
        diagnostics
            .report(
                &NO_RETRY,
                per_try.span,
                format!(
                    "a try that times out is never retried: `perTryTimeout` is {}, and `timeout` is {}",
                    per_try.value, timeout.value
                ),
            )
            .related(timeout.span, "the timeout of the whole request")
            .help("shorten `perTryTimeout`, or lengthen `timeout`");
    } else if single * tries > whole {
        let fitting = whole / single;
        let verb = if fitting == 1 { "fits" } else { "fit" };
        diagnostics
            .report(
                &FEWER_RETRIES,
                per_try.span,
                format!(
                    "only {fitting} of {tries} tries of {} {verb} into the `timeout` of {}",
                    per_try.value, timeout.value
                ),
            )
            .related(timeout.span, "the timeout of the whole request")
            .help("lengthen `timeout`, or lower `attempts`, which does not count the first try");
    }
}
