//! `fault-without-percentage`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::Percent;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "fault-without-percentage",
    aliases: [],
    severity: Warning,
    summary: "a fault without a percentage, which is never injected",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let rules = context.world.virtual_services.iter().flat_map(|service| &service.spec.http);
    for fault in rules.filter_map(|rule| rule.fault.as_ref()) {
        if let Some(abort) = &fault.abort {
            check_share(abort.span, "abort", abort.percentage.as_ref(), diagnostics);
        }
        if let Some(delay) = fault.delay.as_ref().filter(|delay| delay.percent.is_none()) {
            check_share(delay.span, "delay", delay.percentage.as_ref(), diagnostics);
        }
    }
}

/// What is left out is 0 (istiod: `TranslateFault`); who writes 0 means it.
fn check_share(span: Span, what: &str, share: Option<&Percent>, diagnostics: &mut Diagnostics) {
    if share.is_none_or(|share| share.value.is_none()) {
        diagnostics
            .report_default(
                share.map_or(span, |share| share.span),
                format!("without a percentage no request gets this {what}"),
            )
            .help("write percentage: {value: 100} for all requests");
    }
}
