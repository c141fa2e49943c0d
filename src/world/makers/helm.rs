//! Releases of Helm charts whose products are known, and operators of OLM.

use super::collector::Collector;
use super::template::{expand, fields};
use crate::model::ForeignResource;

/// A HelmRelease of Flux. The release has its own name, with the target namespace as a prefix if there is one
/// (helm-controller: `GetReleaseName`).
pub(super) fn flux_release(resource: &ForeignResource, collector: &mut Collector<'_>) {
    let chart = expand("{spec.chart.spec.chart|spec.chart.name|spec.chartRef.name}", resource);
    let target = fields(&resource.spec, "targetNamespace").pop();
    let namespace = target.clone().unwrap_or_else(|| collector.own_namespace().to_owned());
    let default = || match &target {
        Some(target) => format!("{target}-{}", resource.name()),
        None => resource.name().to_owned(),
    };
    let release = fields(&resource.spec, "releaseName").pop().unwrap_or_else(default);
    let value = |path: &str| fields(&resource.spec, &format!("values.{path}")).pop();
    for chart in chart {
        known_chart(&chart, &release, &namespace, &value, collector);
    }
}

/// Notes the products of Istio's charts (istio: `manifests/charts/gateway/templates/_helpers.tpl`).
pub(super) fn known_chart(
    chart: &str,
    release: &str,
    namespace: &str,
    value: &dyn Fn(&str) -> Option<String>,
    collector: &mut Collector<'_>,
) {
    match chart {
        "gateway" | "istio-gateway" => {
            let name = value("name").unwrap_or_else(|| release.to_owned());
            collector.service(namespace, &name, &[15021, 80, 443]);
            collector.account(namespace, &name);
            let app = value("labels.app").unwrap_or_else(|| name.clone());
            let short = name.strip_prefix("istio-").unwrap_or(&name).to_owned();
            let istio = value("labels.istio").unwrap_or(short);
            collector.pods(namespace, &[("app", &app), ("istio", &istio)]);
        }
        "istiod" => {
            let revision = value("revision").map_or_else(String::new, |revision| format!("-{revision}"));
            collector.service(namespace, &format!("istiod{revision}"), &[15010, 15012, 443, 15014]);
            collector.pods(namespace, &[("app", "istiod")]);
        }
        _ => {}
    }
}

/// The namespaces of operators that watch all namespaces.
const SHARED: [&str; 2] = ["openshift-operators", "operators"];

/// An operator's own Services and pods, in the namespace of the Subscription.
pub(super) fn subscription(_: &ForeignResource, collector: &mut Collector<'_>) {
    let namespace = collector.own_namespace().to_owned();
    if !SHARED.contains(&namespace.as_str()) {
        collector.anything(&namespace);
    }
}
