//! `fault-beside-retries`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{HttpFaultInjection, HttpRoute, Percent};

pub static RULE: Rule = rule! {
    name: "fault-beside-retries",
    aliases: [],
    severity: Warning,
    summary: "retries or a timeout on a route with faults, which they do not apply to",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for rule in context.world.virtual_services.iter().flat_map(|service| &service.spec.http) {
        if let Some(fault) = &rule.fault {
            check_rule(rule, fault, diagnostics);
        }
    }
}

/// Faults come before the router, which is what retries and measures time (istiod: the order of HTTP filters).
fn check_rule(rule: &HttpRoute, fault: &HttpFaultInjection, diagnostics: &mut Diagnostics) {
    let aborts = fault.abort.as_ref().is_some_and(|abort| is_injected(abort.percentage.as_ref()));
    let delays = fault.delay.as_ref().is_some_and(|delay| {
        is_injected(delay.percentage.as_ref()) || delay.percent.is_some_and(|percent| percent.value > 0)
    });
    let retries = rule.retries.as_ref().filter(|it| it.attempts.is_some_and(|attempts| attempts.value > 0));
    let (message, other) = match (retries, rule.timeout) {
        (Some(retries), _) if aborts => ("requests that this fault aborts are not retried", retries.span),
        (_, Some(timeout)) if delays => {
            ("this delay is no part of the timeout: it comes before the clock starts", timeout.span)
        }
        (Some(retries), _) if delays && retries.per_try_timeout.is_some() => {
            ("this delay is no part of perTryTimeout: it comes before the first try", retries.span)
        }
        _ => return,
    };
    diagnostics
        .report_default(fault.span, message)
        .related(other, "this does not see the fault")
        .help("inject the fault in a VirtualService for the next service, or remove it after the test");
}

fn is_injected(share: Option<&Percent>) -> bool {
    share.and_then(|share| share.value).is_some_and(|value| value.value > 0.0)
}
