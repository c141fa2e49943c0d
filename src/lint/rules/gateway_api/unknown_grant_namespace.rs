//! `unknown-grant-namespace`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::{Spec, nearest};

pub static RULE: Rule = rule! {
    name: "unknown-grant-namespace",
    aliases: ["KIA1601"],
    severity: Warning,
    summary: "a ReferenceGrant for references from a namespace that there is not: it allows nothing",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for resource in &context.snapshot.resources {
        let Spec::ReferenceGrant(grant) = &resource.spec else { continue };
        for namespace in grant.from.iter().filter_map(|from| from.namespace.as_ref()).filter(|it| !it.is_empty()) {
            if world.namespaces.names().any(|known| known == namespace.as_str()) {
                continue;
            }
            let suggestion = nearest(namespace, world.namespaces.names());
            if world.inventory.is_complete() || (world.inventory.has_namespaces() && suggestion.is_some()) {
                let diagnostic = findings.report(namespace.span, format!("there is no namespace {}", namespace.as_str()));
                if let Some(suggestion) = suggestion {
                    diagnostic.help(format!("did you mean {suggestion}?"));
                }
            } else {
                findings.unchecked(format!("namespace {} is not among the manifests", namespace.as_str()));
            }
        }
    }
}
