//! `conflicting-mesh-labels`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::{Kind, Labels};
use crate::world::Namespaces;

pub static RULE: Rule = rule! {
    name: "conflicting-mesh-labels",
    aliases: ["IST0123", "KIA1311"],
    severity: Warning,
    summary: "labels that ask for a sidecar and for the ambient mesh, or twice for a sidecar: one of them does not count",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for namespace in context.world.namespaces.defined() {
        check_labels(&namespace.metadata.labels, findings);
    }
    for resource in &context.snapshot.resources {
        let own = (resource.kind == Kind::Pod).then(|| resource.tags());
        if let Some(pods) = resource.pod_tags().or(own) {
            check_labels(pods.labels, findings);
        }
    }
}

/// The labels that ask for something, the stronger first. On pods a revision says by whom, not that.
const ASKING: [(&str, fn(&str) -> bool); 4] = [
    ("istio-injection", |value| value == "enabled"),
    ("sidecar.istio.io/inject", |value| value == "true"),
    ("istio.io/rev", |_| true),
    ("istio.io/dataplane-mode", |value| value == "ambient"),
];

fn check_labels(labels: &Labels, findings: &mut Findings) {
    let given = Namespaces::data_plane_labels(labels);
    let find = |name: &str| given.iter().find(|(key, _)| key.as_str() == name).copied();
    // A no goes before all.
    let refuses = |name: &str, asks: fn(&str) -> bool| find(name).is_some_and(|(_, value)| !asks(value));
    if ASKING[..2].iter().any(|(name, asks)| refuses(name, *asks)) {
        return;
    }
    let of_pod = find("sidecar.istio.io/inject").is_some();
    let asking = ASKING.iter().filter(|(name, _)| !(of_pod && *name == "istio.io/rev"));
    let mut asking = asking.filter_map(|(name, asks)| find(name).filter(|(_, value)| asks(value)));
    let Some(first) = asking.next() else { return };
    for (key, value) in asking {
        let message = format!("{} {} does not count beside {} {}", key.value, value.value, first.0.value, first.1.value);
        let diagnostic = findings.report(key.span, message);
        diagnostic.related(first.0.span, "this one counts").help("remove one of them");
    }
}
