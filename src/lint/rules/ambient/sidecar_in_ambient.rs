//! `sidecar-in-ambient`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::{Kind, Labels};
use crate::world::{Attachment, DataPlane, Workload, World};

pub static RULE: Rule = rule! {
    name: "sidecar-in-ambient",
    aliases: ["IST0167", "KIA1311", "KIA1316"],
    severity: Warning,
    summary: "a Sidecar or a sidecar where the ambient mesh takes the traffic: one of them has no effect",
    check: check,
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

/// ztunnel and waypoints take no Sidecar.
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
    let message = match sidecar.selector {
        Some(_) => "this Sidecar does nothing: the workloads are of the ambient mesh".to_owned(),
        None => format!("this Sidecar does nothing: namespace {namespace} is of the ambient mesh"),
    };
    let diagnostic = diagnostics.report_default(span, message);
    diagnostic.help("remove it, or take the workloads out of the ambient mesh");
    diagnostic.aliases = &["IST0167"];
}

const INJECT: &str = "sidecar.istio.io/inject";
const DATA_PLANE_MODE: &str = "istio.io/dataplane-mode";

fn check_workload(world: &World<'_>, workload: &Workload<'_>, labels: &Labels, diagnostics: &mut Diagnostics) {
    let Some(inject) = labels.get(INJECT).filter(|value| value.as_str() == "true") else { return };
    // What is injected as a gateway has no sidecar.
    let is_gateway = workload.annotations.get("inject.istio.io/templates").is_some_and(|it| it.contains("gateway"));
    if is_gateway || world.namespaces.data_plane(workload) != Some(DataPlane::Sidecar) {
        return;
    }
    if let Some(mode) = labels.get(DATA_PLANE_MODE).filter(|mode| mode.as_str() == "ambient") {
        let diagnostic =
            diagnostics.report_default(mode.span, "these pods get a sidecar, so they are not of the ambient mesh");
        diagnostic.related(inject.span, "injected because of this label").help("keep one of the two labels");
        diagnostic.aliases = &["KIA1311"];
    } else if world.namespaces.is_ambient(&workload.name.namespace) == Some(true) {
        let message = format!("these pods get a sidecar, though namespace {} is ambient", workload.name.namespace);
        let diagnostic = diagnostics.report_default(inject.span, message);
        diagnostic.severity(Severity::Info).help("remove the label to take them into the ambient mesh");
        diagnostic.aliases = &["KIA1316"];
    }
}
