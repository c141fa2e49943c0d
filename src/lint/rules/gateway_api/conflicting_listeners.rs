//! `conflicting-listeners`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::world::Cause;

pub static RULE: Rule = rule! {
    name: "conflicting-listeners",
    aliases: ["KIA1503"],
    severity: Error,
    summary: "a listener that cannot stand beside another one of its Gateway: it is dropped",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for ignored in &context.world.derived.ignored {
        if let Cause::Conflict { other } = ignored.cause {
            findings
                .report(ignored.span, format!("this listener is dropped: {}", ignored.reason))
                .related(other, "this one counts")
                .help("give them different ports or hostnames");
        }
    }
}
