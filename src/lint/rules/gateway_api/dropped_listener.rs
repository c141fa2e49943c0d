//! `dropped-listener`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::world::Omission;

pub static RULE: Rule = rule! {
    name: "dropped-listener",
    aliases: ["KIA1503"],
    severity: Error,
    summary: "a listener of the Gateway API that istiod leaves out, or serves without its certificates",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for ignored in context.world.derived.ignored.iter().filter(|it| it.kind == Omission::Listener) {
        diagnostics.report_default(ignored.span, &ignored.reason);
    }
}
