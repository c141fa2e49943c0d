//! `dropped-route`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::world::Omission;

pub static RULE: Rule = rule! {
    name: "dropped-route",
    summary: "a Gateway API route, or a part of an Ingress, has no effect, because istiod cannot convert it",
    findings: [&WHOLE_ROUTE, &INGRESS_PART],
    check: check,
};

static WHOLE_ROUTE: Finding = finding! {
    "whole-route", Lost, Certain, [],
    "istiod cannot convert a rule of the route, and drops all of its rules",
};
// Other controllers may support the part, so its requests are not certainly lost.
static INGRESS_PART: Finding = finding! {
    "ingress-part", Lost, Likely, [],
    "istiod ignores a part of an Ingress",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for ignored in &context.world.derived.ignored {
        let finding = match ignored.kind {
            Omission::Route => &WHOLE_ROUTE,
            Omission::Ingress => &INGRESS_PART,
            _ => continue,
        };
        let diagnostic = diagnostics.report(finding, ignored.span, &ignored.reason);
        if let Some(help) = &ignored.help {
            diagnostic.help(help);
        }
    }
}
