//! `unknown-grant-namespace`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Spec, nearest};

pub static RULE: Rule = rule! {
    name: "unknown-grant-namespace",
    summary: "a ReferenceGrant names a namespace that does not exist, so it allows nothing",
    findings: [&MISSING],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Surprising, Certain, ["KIA1601"],
    "no namespace of that name exists",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in context.snapshot.resources() {
        let Spec::ReferenceGrant(grant) = &resource.spec else { continue };
        for namespace in grant.from.iter().filter_map(|from| from.namespace.as_ref()) {
            if world.namespaces.names().any(|known| known == namespace.as_str()) {
                continue;
            }
            if let Err(gap) = world.inventory.namespaces() {
                diagnostics.unchecked(gap);
                continue;
            }
            let message = format!("namespace `{}` does not exist", namespace.value);
            let diagnostic = diagnostics.report(&MISSING, namespace.span, message);
            if let Some(similar) = nearest(namespace, world.namespaces.names()) {
                diagnostic.did_you_mean(similar);
            }
        }
    }
}
