//! `duplicate-resource`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Resource};
use crate::world::NamespacedName;

pub static RULE: Rule = rule! {
    name: "duplicate-resource",
    summary: "a resource that is defined more than once, so the last one applied replaces the others",
    findings: [&SAME_FILE, &SEVERAL_FILES],
    check: check,
};

static SAME_FILE: Finding = finding! {
    "same-file", Lost, Certain, [],
    "several definitions are in one file, which is applied as a whole",
};
static SEVERAL_FILES: Finding = finding! {
    "several-files", Lost, Likely, [],
    "each definition is in another file",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut by_identity: BTreeMap<(Kind, &str, &str), Vec<&Resource>> = BTreeMap::new();
    let placeholders = &context.snapshot.placeholders;
    let is_known = |it: &&Resource| !placeholders.hide_name(it) && !placeholders.hide_namespace(it);
    let has_identity = |it: &&Resource| !is_repeatable(it.kind) && !it.name().is_empty() && is_known(it);
    for resource in context.snapshot.resources().filter(has_identity) {
        let namespace = context.world.settings.namespace_of(resource);
        by_identity.entry((resource.kind, namespace, resource.name())).or_default().push(resource);
    }
    for ((kind, namespace, name), definitions) in by_identity {
        let Some((last, others)) = definitions.split_last() else { continue };
        // Definitions in unrelated directories may be for different namespaces.
        let others: Vec<&Resource> =
            others.iter().copied().filter(|other| !context.world.may_be_elsewhere(other, last)).collect();
        if !others.is_empty() {
            let name = NamespacedName::new(namespace, name).to_string();
            report(kind, &name, &others, last, context, diagnostics);
        }
    }
}

/// Whether several definitions of a resource are no mistake. Namespaces are often repeated beside their contents, and
/// definitions of custom resources beside the installations that need them. `istioctl install -f` merges the
/// IstioOperators of several files.
fn is_repeatable(kind: Kind) -> bool {
    matches!(kind, Kind::Namespace | Kind::CustomResourceDefinition | Kind::IstioOperator)
}

fn report(
    kind: Kind,
    name: &str,
    others: &[&Resource],
    last: &Resource,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) {
    if others.iter().all(|other| context.snapshot.are_equal(other, last)) {
        return;
    }
    let times = if others.len() == 1 { "twice".to_owned() } else { format!("{} times", others.len() + 1) };
    // Files are often alternatives or overrides, unless a tool or the user says that they are applied together.
    let are_apart = others.iter().all(|other| other.span.file != last.span.file);
    if are_apart && !context.snapshot.applied_together {
        return;
    }
    let finding = if are_apart { &SEVERAL_FILES } else { &SAME_FILE };
    let message = format!("{} `{name}` is defined {times}, and `mesh` uses this last definition", kind.name());
    let diagnostic = diagnostics.report(finding, last.name_span(), message);
    diagnostic.help("remove all definitions but one");
    for other in others {
        diagnostic.related(other.name_span(), "also defined here");
    }
}
