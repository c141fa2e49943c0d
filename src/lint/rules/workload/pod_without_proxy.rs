//! `pod-without-proxy`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::world::{DataPlane, Workload};

pub static RULE: Rule = rule! {
    name: "pod-without-proxy",
    summary: "a running Pod has no sidecar although its labels or its Namespace ask for one",
    findings: [&MISSING_SIDECAR],
    check: check,
};

static MISSING_SIDECAR: Finding = finding! {
    "missing-sidecar", Surprising, Certain, ["IST0103"],
    "a running Pod that should have a sidecar has none, so it is outside the mesh",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for workload in world.workloads.iter().filter(|workload| is_running(workload) && !workload.has_proxy()) {
        if world.namespaces.data_plane(workload) == Some(DataPlane::Sidecar) {
            let message = format!(
                "Pod `{}` has no sidecar, although its labels or its Namespace ask for one",
                workload.name.name
            );
            diagnostics
                .report(&MISSING_SIDECAR, workload.resource.name_span(), message)
                .help("recreate the Pod, and check the logs of istiod if the Pod still has no sidecar");
        }
    }
}

/// Whether a Pod was exported from a cluster. Other Pods get their sidecar when they are created.
fn is_running(workload: &Workload<'_>) -> bool {
    workload.resource.kind == Kind::Pod
        && (workload.resource.status.is_some() || workload.pod.is_some_and(|pod| pod.node_name.is_some()))
}
