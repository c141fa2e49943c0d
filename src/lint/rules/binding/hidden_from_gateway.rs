//! `hidden-from-gateway`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording;
use crate::source::Span;
use crate::world::{ExportTo, Gateway, VirtualService};

pub static RULE: Rule = rule! {
    name: "hidden-from-gateway",
    summary: "a VirtualService is bound to a Gateway, but not exported to the namespace of the gateway workloads",
    findings: [&NOT_EXPORTED],
    check: check,
};

static NOT_EXPORTED: Finding = finding! {
    "not-exported", Lost, Certain, [],
    "the gateway workloads are in a namespace to which the VirtualService is not exported",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let is_limited = |it: &&VirtualService<'_>| it.export_to != ExportTo::Public && !it.is_delegate();
    for virtual_service in world.virtual_services.iter().filter(is_limited) {
        for bound in &virtual_service.bound_to {
            let Some(gateway) = bound.gateway.as_ref().and_then(|name| world.gateway(name)) else { continue };
            if context.is_definite(gateway.resource, diagnostics) {
                check_gateway(context, virtual_service, gateway, bound.span, diagnostics);
            }
        }
    }
}

/// A gateway uses what is exported to the namespace of its workload. The namespace of the Gateway does not matter.
fn check_gateway(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    gateway: &Gateway<'_>,
    bound: Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let workloads = context.world.workloads_of_gateway(gateway);
    let namespaces: BTreeSet<&str> = workloads.map(|workload| workload.name.namespace.as_ref()).collect();
    if namespaces.is_empty() {
        diagnostics.unchecked(gateway.gap_of_workloads());
        return;
    }
    if namespaces.iter().any(|namespace| virtual_service.export_to.includes(namespace)) {
        return;
    }
    let noun = if namespaces.len() == 1 { "namespace" } else { "namespaces" };
    let names = wording::list(namespaces, "and");
    let written = virtual_service.spec.export_to.iter().map(|entry| entry.span).reduce(Span::to);
    let place = written.unwrap_or_else(|| virtual_service.resource.name_span());
    let message = format!(
        "the VirtualService is not exported to {noun} {names}, where the workloads of Gateway `{}` are",
        gateway.name
    );
    let diagnostic = diagnostics.report(&NOT_EXPORTED, place, message).help(format!("add {names} to `exportTo`"));
    if let Some(bound) = bound {
        diagnostic.related(bound, format!("the VirtualService is bound to Gateway `{}` here", gateway.name));
    }
}
