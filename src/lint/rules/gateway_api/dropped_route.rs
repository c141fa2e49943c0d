//! `dropped-route`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::world::Omission;

pub static RULE: Rule = rule! {
    name: "dropped-route",
    aliases: [],
    severity: Error,
    summary: "a route of the Gateway API, or a part of an Ingress, that istiod leaves out as a whole",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for ignored in &context.world.derived.ignored {
        match ignored.kind {
            Omission::Route => {
                diagnostics.report_default(ignored.span, &ignored.reason);
            }
            // Other controllers may use what Istio does not.
            Omission::Ingress => {
                diagnostics.report_default(ignored.span, &ignored.reason).severity(Severity::Warning);
            }
            _ => {}
        }
    }
}
