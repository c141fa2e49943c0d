//! `conflicting-mesh-labels`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Labels};
use crate::world::Namespaces;

pub static RULE: Rule = rule! {
    name: "conflicting-mesh-labels",
    summary: "two labels ask for different data planes or revisions, so one of them has no effect",
    findings: [&INJECTION_AND_REVISION, &NAMESPACE_MODES, &POD_MODES],
    check: check,
};

static INJECTION_AND_REVISION: Finding = finding! {
    "injection-and-revision", Surprising, Certain, ["IST0123"],
    "`istio-injection: enabled` is set beside `istio.io/rev`",
};
static NAMESPACE_MODES: Finding = finding! {
    "namespace-modes", Surprising, Certain, ["IST0123", "KIA1311"],
    "a Namespace asks for both sidecars and the ambient mesh",
};
static POD_MODES: Finding = finding! {
    "pod-modes", Surprising, Certain, ["KIA1311"],
    "pods ask for both a sidecar and the ambient mesh",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for namespace in context.world.namespaces.defined() {
        check_labels(&namespace.metadata.labels, &NAMESPACE_MODES, diagnostics);
    }
    for resource in context.snapshot.resources() {
        let own = (resource.kind == Kind::Pod).then(|| resource.tags());
        if let Some(pods) = resource.pod_tags().or(own) {
            check_labels(pods.labels, &POD_MODES, diagnostics);
        }
    }
}

/// A value as YAML needs it.
fn written(value: &str) -> &str {
    if value == "true" { "\"true\"" } else { value }
}

const REVISION: &str = "istio.io/rev";

/// The labels that ask for a data plane, in order of precedence. `None`: with every value.
const ASKING: [(&str, Option<&str>); 4] = [
    ("istio-injection", Some("enabled")),
    ("sidecar.istio.io/inject", Some("true")),
    (REVISION, None),
    ("istio.io/dataplane-mode", Some("ambient")),
];

fn check_labels(labels: &Labels, modes: &'static Finding, diagnostics: &mut Diagnostics) {
    let given = Namespaces::data_plane_labels(labels);
    let find = |name: &str| given.iter().find(|(key, _)| key.as_str() == name).copied();
    // A label that declines injection takes precedence over all others.
    let declines = |key: &str, yes: &str| find(key).is_some_and(|(_, value)| value.as_str() != yes);
    if declines("istio-injection", "enabled") || declines("sidecar.istio.io/inject", "true") {
        return;
    }
    // On pods that ask for a sidecar, the revision says which istiod injects it.
    let wants_sidecar = find("sidecar.istio.io/inject").is_some();
    let asking = ASKING.iter().filter(|(key, _)| !(wants_sidecar && *key == REVISION));
    let mut asking =
        asking.filter_map(|(key, yes)| find(key).filter(|(_, value)| yes.is_none_or(|yes| value.as_str() == yes)));
    let Some((first_key, first_value)) = asking.next() else { return };
    let others: Vec<_> = asking.collect();
    let removal = || Advice::new("remove one of the two labels");
    let is_only = others.len() == 1;
    for (key, value) in others {
        let finding = if key.as_str() == REVISION { &INJECTION_AND_REVISION } else { modes };
        diagnostics
            .report(
                finding,
                key.span,
                format!("`{key}: {}` has no effect beside `{first_key}: {}`", written(value), written(first_value)),
            )
            .related(first_key.span, "this label takes precedence")
            .help(if is_only {
                removal().option([Edit::remove(key.span)]).option([Edit::remove(first_key.span)])
            } else {
                removal().option([Edit::remove(key.span)])
            });
    }
}
