//! `pod-without-proxy`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;
use crate::world::{DataPlane, Workload};

pub static RULE: Rule = rule! {
    name: "pod-without-proxy",
    aliases: ["IST0103"],
    severity: Warning,
    summary: "a running Pod without the sidecar that it should have: it is not in the mesh",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for workload in world.workloads.iter().filter(|workload| is_running(workload) && !workload.has_proxy()) {
        if world.namespaces.data_plane(workload) == Some(DataPlane::Sidecar) {
            let message = format!("Pod {} runs without a sidecar, which it should have", workload.name.name);
            diagnostics
                .report_default(workload.resource.name_span(), message)
                .help("pods get it when they are created: restart what was there before the labels, or see what the injector says");
        }
    }
}

/// Whether it is a Pod that was taken from a cluster. Others get their sidecar when they are created.
fn is_running(workload: &Workload<'_>) -> bool {
    workload.resource.kind == Kind::Pod
        && (workload.resource.status.is_some() || workload.pod.is_some_and(|pod| pod.node_name.is_some()))
}
