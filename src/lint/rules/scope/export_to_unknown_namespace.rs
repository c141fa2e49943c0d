//! `export-to-unknown-namespace`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Kind, Resource, Spec, nearest};
use crate::source::Span;
use crate::world::{Gap, World};

pub static RULE: Rule = rule! {
    name: "export-to-unknown-namespace",
    aliases: ["KIA0005"],
    severity: Warning,
    summary: "an exportTo that names a namespace which does not exist: nobody there sees the resource",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in &context.snapshot.resources {
        for (namespace, span) in exported_to(resource) {
            check_namespace(world, namespace, span, diagnostics);
        }
    }
}

/// The namespaces that a resource names, with their places.
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
    // `~` is nobody; names that are none are refused.
    let is_name = namespace.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if namespace.is_empty() || !is_name {
        return;
    }
    match world.has_namespace(namespace) {
        Some(true) => {}
        None => diagnostics.unchecked(Gap::NotAllOfKind(Kind::Namespace)),
        Some(false) => {
            let diagnostic = diagnostics.report_default(span, format!("there is no namespace {namespace}"));
            match nearest(namespace, world.namespaces.names()) {
                Some(suggestion) => diagnostic.help(format!("did you mean {suggestion}?")),
                None => diagnostic.help("only namespaces count here: . for its own, * for all, or a name"),
            };
        }
    }
}
