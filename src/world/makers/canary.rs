//! Flagger's Canary.

use super::collector::Collector;
use super::template::expand;
use crate::model::ForeignResource;

/// The Services `<apex>`, `<apex>-primary` and `<apex>-canary`, and a copy of the target's pods whose label has the suffix
/// `-primary` (Flagger: `pkg/router/kubernetes_default.go`, `pkg/canary/deployment_controller.go`).
pub(super) fn products(resource: &ForeignResource, collector: &mut Collector<'_>) {
    let namespace = collector.own_namespace().to_owned();
    let target = expand("{spec.targetRef.name}", resource).pop();
    let ports: Vec<u32> = expand("{spec.service.port}", resource).iter().filter_map(|port| port.parse().ok()).collect();
    for apex in expand("{spec.service.name|spec.targetRef.name}", resource) {
        for name in [format!("{apex}-primary"), format!("{apex}-canary"), apex] {
            collector.service(&namespace, &name, &ports);
        }
    }
    let Some(target) = target else { return };
    collector.pods_named_after(&namespace, &format!("{target}-primary"), &["app", "name", "app.kubernetes.io/name"]);
    collector.account(&namespace, &format!("{target}-primary"));
}
