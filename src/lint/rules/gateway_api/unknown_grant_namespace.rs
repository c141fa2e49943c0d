//! `unknown-grant-namespace`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Spec, nearest};

pub static RULE: Rule = rule! {
    name: "unknown-grant-namespace",
    aliases: ["KIA1601"],
    severity: Warning,
    summary: "a ReferenceGrant for a namespace that does not exist: it admits nobody",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in &context.snapshot.resources {
        let Spec::ReferenceGrant(grant) = &resource.spec else { continue };
        for namespace in grant.from.iter().filter_map(|from| from.namespace.as_ref()) {
            if world.namespaces.names().any(|known| known == namespace.as_str()) {
                continue;
            }
            if let Err(gap) = world.inventory.namespaces() {
                diagnostics.unchecked(gap);
                continue;
            }
            let diagnostic =
                diagnostics.report_default(namespace.span, format!("there is no namespace {}", namespace.value));
            if let Some(near) = nearest(namespace, world.namespaces.names()) {
                diagnostic.help(format!("did you mean {near}?"));
            }
        }
    }
}
