//! `envoy-filter-mesh-wide`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "envoy-filter-mesh-wide",
    summary: "an EnvoyFilter in the root namespace has no selector, so it changes all proxies of the mesh",
    findings: [&MESH_WIDE],
    check: check,
};

static MESH_WIDE: Finding = finding! {
    "mesh-wide", Notable, Certain, [],
    "the EnvoyFilter changes all proxies of the mesh",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let root = world.settings.root_namespace.as_str();
    let envoy_filters = world.attachments.iter().filter(|it| it.resource.kind == Kind::EnvoyFilter);
    for envoy_filter in envoy_filters.filter(|it| it.name.namespace == root && it.is_wide()) {
        let namespace = envoy_filter.resource.metadata.namespace.as_ref();
        let span = namespace.map_or(envoy_filter.resource.name_span(), |namespace| namespace.span);
        diagnostics
            .report(
                &MESH_WIDE,
                span,
                "this EnvoyFilter changes the proxies of all namespaces, because it has no selector",
            )
            .help(
                "add `workloadSelector`, or move it to the namespace of the workloads, unless it is for the whole mesh",
            );
    }
}
