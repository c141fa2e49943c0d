//! `conflicting-mesh-labels`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Kind, Labels};
use crate::world::Namespaces;

pub static RULE: Rule = rule! {
    name: "conflicting-mesh-labels",
    aliases: ["IST0123", "KIA1311"],
    severity: Warning,
    summary: "labels that ask for a sidecar and for the ambient mesh, or twice for a sidecar: one of them does not count",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for namespace in context.world.namespaces.defined() {
        check_labels(&namespace.metadata.labels, diagnostics);
    }
    for resource in &context.snapshot.resources {
        let own = (resource.kind == Kind::Pod).then(|| resource.tags());
        if let Some(pods) = resource.pod_tags().or(own) {
            check_labels(pods.labels, diagnostics);
        }
    }
}

/// The labels that ask for something, and the value that does if not all do; the stronger first.
const ASKING: [(&str, Option<&str>); 4] = [
    ("istio-injection", Some("enabled")),
    ("sidecar.istio.io/inject", Some("true")),
    ("istio.io/rev", None),
    ("istio.io/dataplane-mode", Some("ambient")),
];

fn check_labels(labels: &Labels, diagnostics: &mut Diagnostics) {
    let given = Namespaces::data_plane_labels(labels);
    let find = |name: &str| given.iter().find(|(key, _)| key.as_str() == name).copied();
    // A no goes before all.
    let refuses = |key: &str, yes: &str| find(key).is_some_and(|(_, value)| value.as_str() != yes);
    if refuses("istio-injection", "enabled") || refuses("sidecar.istio.io/inject", "true") {
        return;
    }
    // On pods that want a sidecar a revision says from whom.
    let wants_sidecar = find("sidecar.istio.io/inject").is_some();
    let asking = ASKING.iter().filter(|(key, _)| !(wants_sidecar && *key == "istio.io/rev"));
    let mut asking =
        asking.filter_map(|(key, yes)| find(key).filter(|(_, value)| yes.is_none_or(|yes| value.as_str() == yes)));
    let Some(first) = asking.next() else { return };
    for (key, value) in asking {
        let message =
            format!("{} {} does not count beside {} {}", key.value, value.value, first.0.value, first.1.value);
        let diagnostic = diagnostics.report_default(key.span, message);
        diagnostic.related(first.0.span, "this one counts").help("remove one of them");
    }
}
