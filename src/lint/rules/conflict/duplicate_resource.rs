//! `duplicate-resource`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::{Kind, Resource};
use crate::world::NamespacedName;

pub static RULE: Rule = rule! {
    name: "duplicate-resource",
    aliases: [],
    severity: Error,
    summary: "a resource that is defined more than once: the last one applied replaces the others",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut by_identity: BTreeMap<(Kind, &str, &str), Vec<&Resource>> = BTreeMap::new();
    // Namespaces are often repeated beside what they hold, and say the same each time.
    for resource in context.snapshot.resources.iter().filter(|it| it.kind != Kind::Namespace && !it.name().is_empty()) {
        let namespace = context.world.settings.namespace_of(resource);
        by_identity.entry((resource.kind, namespace, resource.name())).or_default().push(resource);
    }
    for ((kind, namespace, name), definitions) in by_identity {
        let [others @ .., last] = definitions.as_slice() else { continue };
        if !others.is_empty() {
            report(kind, namespace, name, others, last, context, diagnostics);
        }
    }
}

fn report(
    kind: Kind,
    namespace: &str,
    name: &str,
    others: &[&Resource],
    last: &Resource,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) {
    let text = |resource: &Resource| context.snapshot.sources.text(resource.span).trim_end().to_owned();
    if others.iter().all(|other| text(other) == text(last)) {
        return;
    }
    let times = if others.len() == 1 { "twice".to_owned() } else { format!("{} times", others.len() + 1) };
    let diagnostic = diagnostics.report_default(
        last.name_span(),
        format!("{} `{}` is defined {times}", kind.name(), NamespacedName::new(namespace, name)),
    );
    diagnostic.help("keep one of them, or lint what is applied together; here the last one is taken to count");
    for other in others {
        diagnostic.related(other.name_span(), "also defined here");
    }
    // Files side by side are often alternatives; in one file they are applied together.
    if others.iter().all(|other| other.span.file != last.span.file) {
        diagnostic.severity(Severity::Warning);
    }
}
