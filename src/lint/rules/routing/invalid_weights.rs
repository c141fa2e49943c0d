//! `invalid-weights`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::source::Span;
use crate::world::{RouteTarget, VirtualService};

pub static RULE: Rule = rule! {
    name: "invalid-weights",
    aliases: ["IST0106", "KIA1104"],
    severity: Error,
    summary: "weights that do not share requests as they seem to: negative, all zero, forgotten or not adding up to 100",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in &context.world.virtual_services {
        check_service(service, diagnostics);
    }
}

fn check_service(service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    for route in service.routes() {
        check_shares(&route.targets(), diagnostics);
    }
}

/// Shares are weight by sum. The sum need not be 100; a single destination gets everything whatever its weight.
fn check_shares(shares: &[RouteTarget<'_>], diagnostics: &mut Diagnostics) {
    let weights = || shares.iter().filter_map(|share| share.weight);
    if let Some(negative) = weights().find(|weight| weight.value < 0) {
        diagnostics.report_default(negative.span, "a weight cannot be negative").help("use 0 or more");
        return;
    }
    if let [RouteTarget { weight: Some(weight), .. }] = shares
        && (0..100).contains(&weight.value)
    {
        let diagnostic = diagnostics.report_default(
            weight.span,
            format!("weight {} has no effect: the only destination gets all requests", weight.value),
        );
        diagnostic.aliases = &["KIA1104"];
        diagnostic
            .severity(if weight.value == 0 { Severity::Warning } else { Severity::Info })
            .help("remove it, or add the destinations that get the rest");
        return;
    }
    let [first, _, ..] = shares else { return };
    let sum: i64 = weights().map(|weight| i64::from(weight.value)).sum();
    if sum == 0 {
        let span = weights().next().map_or(first.span, |weight| weight.span);
        diagnostics
            .report_default(span, "the weights of all destinations are 0: istiod refuses the VirtualService")
            .help("give each destination its share");
        return;
    }
    for share in shares.iter().filter(|share| share.weight.is_none()) {
        diagnostics
            .report_default(share.span, "this destination gets no requests: it has no weight, while others have one")
            .severity(Severity::Warning)
            .help("give it a weight; weight: 0 if that is what is meant");
    }
    if sum != 100 && shares.iter().all(|share| share.weight.is_some()) {
        let span = shares.iter().map(|share| share.span).reduce(Span::to).unwrap_or(first.span);
        diagnostics
            .report_default(span, format!("the weights add up to {sum}, not to 100: {}", describe(shares, sum)))
            .severity(Severity::Info)
            .help("shares are taken relative to the sum; make it 100 so that they read as percentages");
    }
}

fn describe(shares: &[RouteTarget<'_>], sum: i64) -> String {
    let percent = |share: &RouteTarget<'_>| {
        let weight = share.weight.map_or(0, |weight| weight.value);
        let percent = f64::from(weight) * 100.0 / sum as f64;
        format!("{weight} is {} %", (percent * 10.0).round() / 10.0)
    };
    shares.iter().map(percent).collect::<Vec<_>>().join(", ")
}
