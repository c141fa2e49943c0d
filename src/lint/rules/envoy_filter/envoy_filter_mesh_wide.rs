//! `envoy-filter-mesh-wide`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "envoy-filter-mesh-wide",
    aliases: [],
    severity: Info,
    summary: "an EnvoyFilter in the root namespace without a selector, which changes all proxies of the mesh",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let root = world.settings.root_namespace.as_str();
    let filters = world.attachments.iter().filter(|it| it.resource.kind == Kind::EnvoyFilter);
    for filter in filters.filter(|it| it.name.namespace == root && it.is_wide()) {
        let namespace = filter.resource.metadata.namespace.as_ref();
        let span = namespace.map_or(filter.resource.name_span(), |namespace| namespace.span);
        diagnostics
            .report_default(span, "this EnvoyFilter changes the proxies of all namespaces: it selects no workloads")
            .help("if that is not meant, add workloadSelector, or move it to the namespace of the workloads");
    }
}
