//! `fault-without-percentage`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;
use crate::model::networking::Percent;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "fault-without-percentage",
    summary: "a fault has no percentage, so Envoy never injects the fault",
    findings: [&NEVER_INJECTED],
    check: check,
};

static NEVER_INJECTED: Finding = finding! {
    "never-injected", Surprising, Certain, [],
    "the percentage of an abort or a delay is missing, which means 0",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let misspelt = misspelt_percentages(context);
    let routes = context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http);
    for fault in routes.filter_map(|route| route.fault.as_ref()) {
        if let Some(abort) = &fault.abort {
            check_share(abort.span, "abort", abort.percentage.as_ref(), &misspelt, diagnostics);
        }
        if let Some(delay) = fault.delay.as_ref().filter(|delay| delay.percent.is_none()) {
            check_share(delay.span, "delay", delay.percentage.as_ref(), &misspelt, diagnostics);
        }
    }
}

/// The places of unknown fields that are meant as a percentage, such as `percent` of an abort. `unknown-field` reports them.
fn misspelt_percentages(context: &Context<'_>) -> Vec<Span> {
    let is_meant = |kind: &DecodeProblemKind| match kind {
        DecodeProblemKind::UnknownField { key, suggestion, .. } => {
            key.to_ascii_lowercase().starts_with("percent") || suggestion.as_deref() == Some("percentage")
        }
        _ => false,
    };
    context.model_problems().filter(|problem| is_meant(&problem.kind)).map(|problem| problem.span).collect()
}

/// A missing percentage means 0 (istiod: `TranslateFault`). An explicit 0 is a decision.
fn check_share(span: Span, what: &str, share: Option<&Percent>, misspelt: &[Span], diagnostics: &mut Diagnostics) {
    if misspelt.iter().any(|field| span.contains(*field)) {
        return;
    }
    if share.is_none_or(|share| share.value.is_none()) {
        diagnostics
            .report(
                &NEVER_INJECTED,
                share.map_or(span, |share| share.span),
                format!("no request gets this {what}, because `percentage` is missing"),
            )
            .help({
                let edit = match share {
                    Some(share) => Edit::add(share.span, ["value"], 100),
                    None => Edit::add(span, ["percentage", "value"], 100),
                };
                let edit = edit.shown("percentage: {value: 100}");
                Advice::new(format!("write {edit} for all requests")).fix([edit])
            });
    }
}
