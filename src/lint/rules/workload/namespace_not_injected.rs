//! `namespace-not-injected`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Resource;
use crate::world::{Namespaces, World};

pub static RULE: Rule = rule! {
    name: "namespace-not-injected",
    aliases: ["IST0102", "IST0148"],
    severity: Info,
    summary: "a Namespace that does not say whether it is in the mesh, beside others that do",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let says = |namespace: &&Resource| !Namespaces::data_plane_labels(&namespace.metadata.labels).is_empty();
    // Whoever has the labels put on by other means has them nowhere.
    if !world.namespaces.injects_by_default() && !world.namespaces.defined().any(|namespace| says(&namespace)) {
        return;
    }
    for namespace in world.namespaces.defined().filter(|namespace| !says(namespace) && !is_of_system(world, namespace))
    {
        report(world, namespace, diagnostics);
    }
}

fn report(world: &World<'_>, namespace: &Resource, diagnostics: &mut Diagnostics) {
    let name = namespace.name();
    if world.namespaces.injects_by_default() {
        let message = format!("pods of {name} get a sidecar, as those of all namespaces do that do not say otherwise");
        let diagnostic = diagnostics.report_default(namespace.name_span(), message);
        diagnostic.help("write what is meant: the label istio-injection: enabled, or disabled").aliases = &["IST0148"];
        return;
    }
    diagnostics
        .report_default(
            namespace.name_span(),
            format!("pods of {name} are not in the mesh: it has no label that says so"),
        )
        .help(
            "write what is meant: the label istio-injection: enabled, or disabled; or istio.io/dataplane-mode: ambient",
        )
        .aliases = &["IST0102"];
}

/// Whether a namespace is one in which nothing is meant to be injected.
fn is_of_system(world: &World<'_>, namespace: &Resource) -> bool {
    let name = namespace.name();
    name == world.settings.root_namespace || name == "istio-system" || name.starts_with("kube-")
}
