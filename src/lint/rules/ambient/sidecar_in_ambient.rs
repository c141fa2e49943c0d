//! `sidecar-in-ambient`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Labels};
use crate::world::{Attachment, DataPlane, Workload, World};

pub static RULE: Rule = rule! {
    name: "sidecar-in-ambient",
    summary: "a Sidecar, or a sidecar container, is configured where the ambient mesh captures the traffic",
    findings: [&SIDECAR_RESOURCE, &BOTH_LABELS, &SIDECAR_CONTAINER],
    check: check,
};

static SIDECAR_RESOURCE: Finding = finding! {
    "sidecar-resource", Surprising, Certain, ["IST0167"],
    "ztunnel and waypoints ignore the Sidecar",
};
static BOTH_LABELS: Finding = finding! {
    "both-labels", Surprising, Certain, ["KIA1311"],
    "pods have a label for the ambient mesh and one for a sidecar",
};
static SIDECAR_CONTAINER: Finding = finding! {
    "sidecar-container", Notable, Certain, ["KIA1316"],
    "pods of an ambient namespace request a sidecar",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for sidecar in world.attachments.iter().filter(|it| it.resource.kind == Kind::Sidecar) {
        check_sidecar(world, sidecar, diagnostics);
    }
    for workload in &world.workloads {
        if let Some(labels) = workload.written_labels {
            check_workload(world, workload, labels, diagnostics);
        }
    }
}

fn check_sidecar(world: &World<'_>, sidecar: &Attachment<'_>, diagnostics: &mut Diagnostics) {
    let namespace = sidecar.name.namespace.as_ref();
    if namespace == world.settings.root_namespace {
        return;
    }
    let planes: Vec<Option<DataPlane>> =
        world.selected_in(namespace, sidecar.selector).map(|it| world.namespaces.data_plane(it)).collect();
    let is_ambient = match planes.as_slice() {
        [] => world.namespaces.is_ambient(namespace) == Some(true),
        known => known.iter().all(|plane| *plane == Some(DataPlane::Ambient)),
    };
    if !is_ambient {
        return;
    }
    let span = sidecar.selector.and_then(|selector| selector.span).unwrap_or(sidecar.resource.name_span());
    let reason = match sidecar.selector {
        Some(_) => "its workloads are in the ambient mesh".to_owned(),
        None => format!("namespace `{namespace}` is in the ambient mesh"),
    };
    diagnostics
        .report(&SIDECAR_RESOURCE, span, format!("ztunnel and waypoints ignore this Sidecar: {reason}"))
        .help("remove the Sidecar, or take the workloads out of the ambient mesh");
}

const INJECT: &str = "sidecar.istio.io/inject";
const DATA_PLANE_MODE: &str = "istio.io/dataplane-mode";

fn check_workload(world: &World<'_>, workload: &Workload<'_>, labels: &Labels, diagnostics: &mut Diagnostics) {
    let Some(inject) = labels.get(INJECT).filter(|value| value.as_str() == "true") else { return };
    // A gateway gets its proxy by injection, but is not a sidecar.
    let is_gateway = workload.annotations.get("inject.istio.io/templates").is_some_and(|it| it.contains("gateway"));
    if is_gateway || world.namespaces.data_plane(workload) != Some(DataPlane::Sidecar) {
        return;
    }
    if let Some(mode) = labels.get(DATA_PLANE_MODE).filter(|mode| mode.as_str() == "ambient") {
        diagnostics
            .report(&BOTH_LABELS, mode.span, "this label has no effect, because the pods get a sidecar")
            .related(inject.span, "this label requests the sidecar")
            .help(
                Advice::new("remove one of the two labels")
                    .option([Edit::remove(mode.span)])
                    .option([Edit::remove(inject.span)]),
            );
    } else if world.namespaces.is_ambient(&workload.name.namespace) == Some(true) {
        let namespace = &workload.name.namespace;
        diagnostics
            .report(
                &SIDECAR_CONTAINER,
                inject.span,
                format!("these pods get a sidecar, although namespace `{namespace}` is in the ambient mesh"),
            )
            .help("remove the label to move the pods to the ambient mesh");
    }
}
