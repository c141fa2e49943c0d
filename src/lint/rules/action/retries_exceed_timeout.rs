//! `retries-exceed-timeout`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::HttpRoute;

pub static RULE: Rule = rule! {
    name: "retries-exceed-timeout",
    aliases: [],
    severity: Warning,
    summary: "retries that cannot all be made, because the timeout of the whole request ends them",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for rule in context.world.virtual_services.iter().flat_map(|service| &service.spec.http) {
        check_rule(rule, diagnostics);
    }
}

/// The timeout spans all tries (Envoy: `timeout` and `per_try_timeout`).
fn check_rule(rule: &HttpRoute, diagnostics: &mut Diagnostics) {
    let (Some(timeout), Some(retries)) = (rule.timeout, &rule.retries) else { return };
    let Some(per_try) = retries.per_try_timeout else { return };
    let (whole, single) = (i128::from(timeout.nanoseconds()), i128::from(per_try.nanoseconds()));
    let attempts = retries.attempts.map_or(0, |attempts| attempts.value);
    if whole <= 0 || single <= 0 || attempts < 1 {
        return;
    }
    let tries = i128::from(attempts) + 1;
    if single >= whole {
        diagnostics
            .report_default(
                per_try.span,
                format!(
                    "a try may take {}, but the whole request only {}: what times out is never tried again",
                    per_try.value, timeout.value
                ),
            )
            .related(timeout.span, "the timeout of the whole request")
            .help("make perTryTimeout shorter, or the timeout longer");
    } else if single * tries > whole {
        let fitting = whole / single;
        diagnostics
            .report_default(
                per_try.span,
                format!("{tries} tries of {} do not fit into {}: {fitting} do", per_try.value, timeout.value),
            )
            .severity(Severity::Info)
            .related(timeout.span, "the timeout of the whole request")
            .help("attempts counts the retries, the first try not included");
    }
}
