//! `missing-field`

use std::collections::HashSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::source::Span;
use crate::validate::Family;
use crate::world::Gap;

pub static RULE: Rule = rule! {
    name: "missing-field",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a field that has to be there is missing or empty",
    check: check,
};

/// A manifest without `spec`, where one is needed, is mostly a part of one: a patch, or what a test looks for.
fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let resources: HashSet<Span> = context.snapshot.resources.iter().map(|resource| resource.span).collect();
    for violation in context.violations(Family::MissingField) {
        if resources.contains(&violation.span) {
            diagnostics.unchecked(Gap::NoSpec);
        } else {
            diagnostics.report_violation(violation);
        }
    }
}
