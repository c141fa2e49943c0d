//! Applications of Argo CD. Those of charts and of other repositories make things that no file here shows.

use super::collector::Collector;
use super::helm::known_chart;
use super::template::{Found, fields, nodes};
use crate::model::ForeignResource;
use crate::yaml::Node;

/// The Services of Argo CD, in the namespace of its Applications (argo-cd: `manifests/install.yaml`).
const SERVICES: [(&str, &[u32]); 8] = [
    ("argocd-server", &[80, 443]),
    ("argocd-repo-server", &[8081, 8084]),
    ("argocd-redis", &[6379]),
    ("argocd-dex-server", &[5556, 5557, 5558]),
    ("argocd-applicationset-controller", &[7000, 8080]),
    ("argocd-metrics", &[8082]),
    ("argocd-server-metrics", &[8083]),
    ("argocd-notifications-controller-metrics", &[9001]),
];

/// An Application.
pub(super) fn application(resource: &ForeignResource, collector: &mut Collector<'_>) {
    installation(collector);
    let release = fields(&resource.spec, "source.helm.releaseName").pop();
    let release = release.unwrap_or_else(|| resource.name().to_owned());
    let namespaces = fields(&resource.spec, "destination.namespace");
    deployed(&resource.spec, &release, &namespaces, collector);
}

/// An ApplicationSet. Its generators fill in the namespace of the template.
pub(super) fn application_set(resource: &ForeignResource, collector: &mut Collector<'_>) {
    installation(collector);
    let Some(spec) = resource.spec.get("template").and_then(|template| template.get("spec")) else { return };
    let namespaces = fields(spec, "destination.namespace");
    let mut elements = nodes(&resource.spec, "generators[].list.elements[]");
    for combined in ["matrix", "merge"] {
        elements.extend(nodes(&resource.spec, &format!("generators[].{combined}.generators[].list.elements[]")));
    }
    let filled = namespaces.iter().flat_map(|written| filled(written, &elements)).collect::<Vec<_>>();
    deployed(spec, "", &filled, collector);
}

fn installation(collector: &mut Collector<'_>) {
    let own = collector.own_namespace().to_owned();
    SERVICES.iter().for_each(|(name, ports)| collector.service(&own, name, ports));
}

/// The values that the elements of a list generator give to a text such as `{{namespace}}` or `{{ .namespace }}`. The text
/// itself if they do not.
fn filled(written: &str, elements: &[Found<'_>]) -> Vec<String> {
    let parameter = || {
        let inner = written.strip_prefix("{{")?.strip_suffix("}}")?;
        Some(inner.trim().trim_start_matches('.').to_owned())
    };
    let Some(parameter) = parameter() else { return vec![written.to_owned()] };
    let value = |found: &Found<'_>| match found {
        Found::Node(element) => fields(element, &parameter).pop(),
        Found::Key(_) => None,
    };
    let values: Option<Vec<String>> = elements.iter().map(value).collect();
    values.filter(|values| !values.is_empty()).unwrap_or_else(|| vec![written.to_owned()])
}

/// Notes the products of an Application's sources in its namespaces.
fn deployed(spec: &Node, release: &str, namespaces: &[String], collector: &mut Collector<'_>) {
    let single = spec.get("source").into_iter();
    let several = spec.get("sources").map(Node::items).unwrap_or_default();
    for source in single.chain(several) {
        let chart = source.get("chart").and_then(Node::as_str);
        let path = source.get("path").and_then(Node::as_str);
        let is_here =
            chart.is_none() && source.get("helm").is_none() && path.is_none_or(|path| collector.has_directory(path));
        if is_here {
            continue;
        }
        if namespaces.is_empty() {
            collector.everywhere();
        }
        for namespace in namespaces {
            collector.anything(namespace);
            let value = |path: &str| fields(source, &format!("helm.valuesObject.{path}")).pop();
            known_chart(chart.unwrap_or_default(), release, namespace, &value, collector);
        }
    }
}
