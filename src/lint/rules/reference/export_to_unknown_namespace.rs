//! `export-to-unknown-namespace`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::spelling::did_you_mean;
use crate::model::{Kind, Resource, Spec};
use crate::source::Span;
use crate::world::{Gap, World};

pub static RULE: Rule = rule! {
    name: "export-to-unknown-namespace",
    summary: "a resource is exported to a namespace that does not exist, so the intended clients do not see it",
    findings: [&UNKNOWN],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Surprising, Certain, ["KIA0005"],
    "the namespace does not exist",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in context.snapshot.resources() {
        for (namespace, span) in exported_to(resource) {
            check_namespace(world, namespace, span, diagnostics);
        }
    }
}

/// The entries of a resource's `exportTo`, with their places.
fn exported_to(resource: &Resource) -> Vec<(&str, Span)> {
    const ANNOTATION: &str = "networking.istio.io/exportTo";
    let entries = match &resource.spec {
        Spec::VirtualService(spec) => &spec.export_to,
        Spec::DestinationRule(spec) => &spec.export_to,
        Spec::ServiceEntry(spec) => &spec.export_to,
        Spec::Service(_) => {
            let Some(list) = resource.metadata.annotations.get(ANNOTATION) else { return Vec::new() };
            return list.split(',').map(|entry| (entry.trim(), list.span)).collect();
        }
        _ => return Vec::new(),
    };
    entries.iter().map(|entry| (entry.as_str(), entry.span)).collect()
}

fn check_namespace(world: &World<'_>, namespace: &str, span: Span, diagnostics: &mut Diagnostics) {
    // The rest are `.`, `*`, `~`, and names that the webhook rejects.
    let is_name = namespace.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if namespace.is_empty() || !is_name {
        return;
    }
    match world.has_namespace(namespace) {
        Some(true) => {}
        None => diagnostics.unchecked(Gap::NotAllOfKind(Kind::Namespace)),
        Some(false) => {
            let help = did_you_mean(span, namespace, world.namespaces.names());
            let forms = || "use the name of a namespace, `.` for that of the resource, or `*` for all".into();
            let message = format!("namespace `{namespace}` does not exist");
            let diagnostic = diagnostics.report(&UNKNOWN, span, message).cause(format!("namespace {namespace}"));
            diagnostic.help(help.unwrap_or_else(forms));
        }
    }
}
