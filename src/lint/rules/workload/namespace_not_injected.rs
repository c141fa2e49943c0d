//! `namespace-not-injected`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Resource;
use crate::world::{Namespaces, World};

pub static RULE: Rule = rule! {
    name: "namespace-not-injected",
    summary: "a Namespace has no label that says whether its pods are in the mesh, while others have one",
    findings: [&OUTSIDE, &INJECTED_BY_DEFAULT],
    check: check,
};

static OUTSIDE: Finding = finding! {
    "outside", Notable, Certain, ["IST0102"],
    "pods in a Namespace without a label are outside the mesh",
};
static INJECTED_BY_DEFAULT: Finding = finding! {
    "injected-by-default", Notable, Certain, ["IST0148"],
    "pods in a Namespace without a label get a sidecar by default",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let has_label = |namespace: &&Resource| !Namespaces::data_plane_labels(&namespace.metadata.labels).is_empty();
    // If no Namespace has a label, something else probably sets them.
    if !world.namespaces.injects_by_default() && !world.namespaces.defined().any(|namespace| has_label(&namespace)) {
        return;
    }
    let namespaces = world.namespaces.defined();
    for namespace in namespaces.filter(|namespace| !has_label(namespace) && !is_of_system(world, namespace)) {
        report(world, namespace, diagnostics);
    }
}

fn report(world: &World<'_>, namespace: &Resource, diagnostics: &mut Diagnostics) {
    let (name, span) = (namespace.name(), namespace.name_span());
    if world.namespaces.injects_by_default() {
        diagnostics
            .report(
                &INJECTED_BY_DEFAULT,
                span,
                format!("Namespace `{name}` has no mesh label, so its pods get a sidecar by default"),
            )
            .help("add the label `istio-injection` with the value `enabled` or `disabled`");
        return;
    }
    diagnostics.report(&OUTSIDE, span, format!("Namespace `{name}` has no label that adds its pods to the mesh")).help(
        "add the label `istio-injection: enabled` or `istio.io/dataplane-mode: ambient`, or `istio-injection: \
             disabled` to keep the pods outside the mesh",
    );
}

/// Whether a namespace belongs to Istio or Kubernetes, which need no sidecars there.
fn is_of_system(world: &World<'_>, namespace: &Resource) -> bool {
    let name = namespace.name();
    name == world.settings.root_namespace || name == "istio-system" || name.starts_with("kube-")
}
