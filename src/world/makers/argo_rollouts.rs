//! Experiments of Argo Rollouts.

use super::collector::Collector;
use super::template::{Found, fields, nodes};
use crate::model::ForeignResource;

/// A template with `service` gets a Service of its own (Argo Rollouts: `experiments/experiment.go`).
pub(super) fn experiment(resource: &ForeignResource, collector: &mut Collector<'_>) {
    let namespace = collector.own_namespace().to_owned();
    for found in nodes(&resource.spec, "templates[]") {
        let Found::Node(template) = found else { continue };
        if template.get("service").is_some() {
            let name = fields(template, "service.name").pop().or_else(|| {
                let name = fields(template, "name").pop()?;
                Some(format!("{}-{name}", resource.name()))
            });
            name.iter().for_each(|name| collector.service(&namespace, name, &[]));
        }
        collector.pods_with_labels(&namespace, template.get("template"));
    }
}
