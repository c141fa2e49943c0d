//! `dropped-listener`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::world::Omission;

pub static RULE: Rule = rule! {
    name: "dropped-listener",
    aliases: ["KIA1503"],
    severity: Error,
    summary: "a listener of the Gateway API that istiod leaves out, or serves without its certificates",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for ignored in context.world.derived.ignored.iter().filter(|it| it.sort == Omission::Listener) {
        findings.report(ignored.span, &ignored.reason);
    }
}
