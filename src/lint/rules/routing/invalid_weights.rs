//! `invalid-weights`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Span;
use crate::world::RouteTarget;

pub static RULE: Rule = rule! {
    name: "invalid-weights",
    summary: "weights that istiod rejects, or that give destinations an unexpected share of the requests",
    findings: [&NEGATIVE, &ALL_ZERO, &MISSING, &SINGLE_ZERO, &SINGLE, &SUM],
    check: check,
};

static NEGATIVE: Finding = finding! {
    "negative", Refused, Certain, ["IST0106"],
    "a weight is negative",
};
static ALL_ZERO: Finding = finding! {
    "all-zero", Refused, Certain, ["IST0106"],
    "all weights of several destinations are 0",
};
static MISSING: Finding = finding! {
    "missing", Lost, Likely, [],
    "a destination without a weight beside destinations with weights gets no requests",
};
static SINGLE_ZERO: Finding = finding! {
    "single-zero", Surprising, Certain, [],
    "the only destination has weight 0, but gets all requests",
};
static SINGLE: Finding = finding! {
    "single", Notable, Certain, ["KIA1104"],
    "the only destination has a weight from 1 to 99, but gets all requests",
};
static SUM: Finding = finding! {
    "sum", Notable, Certain, [],
    "the weights do not add up to 100, so they are not percentages",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in &context.world.virtual_services {
        for route in virtual_service.routes() {
            let targets = route.targets();
            let is_unknown = |it: &RouteTarget<'_>| it.weight.is_none() && context.snapshot.placeholders.touch(it.span);
            // The sum of the weights is unknown if one of them is.
            if !targets.iter().any(is_unknown) {
                check_targets(&targets, diagnostics);
            }
        }
    }
}

/// A destination gets its weight divided by the sum of all weights, which need not be 100. A single destination gets all
/// requests whatever its weight.
fn check_targets(targets: &[RouteTarget<'_>], diagnostics: &mut Diagnostics) {
    let weights = || targets.iter().filter_map(|target| target.weight);
    if let Some(negative) = weights().find(|weight| weight.value < 0) {
        let message = format!("istiod rejects weight {}: a weight cannot be negative", negative.value);
        diagnostics.report(&NEGATIVE, negative.span, message).help("use 0 or more");
        return;
    }
    if let [RouteTarget { weight: Some(weight), .. }] = targets
        && (0..100).contains(&weight.value)
    {
        let finding = if weight.value == 0 { &SINGLE_ZERO } else { &SINGLE };
        let message = format!("weight {} has no effect: the only destination gets all requests", weight.value);
        diagnostics.report(finding, weight.span, message).help("remove the weight, or add the other destinations");
        return;
    }
    let [first, _, ..] = targets else { return };
    let sum: i64 = weights().map(|weight| i64::from(weight.value)).sum();
    if sum == 0 {
        let span = weights().next().map_or(first.span, |weight| weight.span);
        diagnostics
            .report(&ALL_ZERO, span, "istiod rejects destinations whose weights add up to 0")
            .help("give each destination a weight");
        return;
    }
    for target in targets.iter().filter(|target| target.weight.is_none()) {
        diagnostics
            .report(&MISSING, target.span, "this destination gets no requests, because it has no `weight`")
            .help("add a `weight`; write `weight: 0` if the destination should get no requests");
    }
    if sum != 100 && targets.iter().all(|target| target.weight.is_some()) {
        let span = targets.iter().map(|target| target.span).reduce(Span::to).unwrap_or(first.span);
        diagnostics
            .report(&SUM, span, format!("the weights add up to {sum}, not 100: {}", describe(targets, sum)))
            .help("make the sum 100, so that the weights read as percentages");
    }
}

fn describe(targets: &[RouteTarget<'_>], sum: i64) -> String {
    let percent = |target: &RouteTarget<'_>| {
        let weight = target.weight.map_or(0, |weight| weight.value);
        let percent = f64::from(weight) * 100.0 / sum as f64;
        format!("{weight} means {}%", (percent * 10.0).round() / 10.0)
    };
    targets.iter().map(percent).collect::<Vec<_>>().join(", ")
}
