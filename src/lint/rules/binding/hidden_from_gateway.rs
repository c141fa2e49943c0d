//! `hidden-from-gateway`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;
use crate::source::Span;
use crate::world::{ExportTo, Gap, Gateway, VirtualService};

pub static RULE: Rule = rule! {
    name: "hidden-from-gateway",
    aliases: [],
    severity: Error,
    summary: "a VirtualService bound to a Gateway whose workloads are in a namespace that it is not exported to",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let exported_to_some =
        |service: &&VirtualService<'_>| service.export_to != ExportTo::Public && !service.is_delegate();
    for service in world.virtual_services.iter().filter(exported_to_some) {
        for bound in &service.bound_to {
            let Some(gateway) = bound.gateway.as_ref().and_then(|name| world.gateway(name)) else { continue };
            if context.is_definite(gateway.resource, diagnostics) {
                check_gateway(context, service, gateway, bound.span, diagnostics);
            }
        }
    }
}

/// A gateway knows what is exported to the namespace of its workload; that of the Gateway does not count.
fn check_gateway(
    context: &Context<'_>,
    service: &VirtualService<'_>,
    gateway: &Gateway<'_>,
    bound: Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let workloads = context.world.workloads_of_gateway(gateway);
    let namespaces: BTreeSet<&str> = workloads.map(|workload| workload.name.namespace.as_ref()).collect();
    if namespaces.is_empty() {
        diagnostics.unchecked(Gap::NoWorkloadsOf(Kind::Gateway, gateway.name.to_string()));
        return;
    }
    if namespaces.iter().any(|namespace| service.export_to.includes(namespace)) {
        return;
    }
    let list = namespaces.iter().copied().collect::<Vec<_>>().join(", ");
    let written = service.spec.export_to.iter().map(|entry| entry.span).reduce(Span::to);
    let diagnostic = diagnostics.report_default(
        written.unwrap_or_else(|| service.resource.name_span()),
        format!(
            "the workloads of Gateway {} are in namespace {list}, which does not see this VirtualService",
            gateway.name
        ),
    );
    if let Some(bound) = bound {
        diagnostic.related(bound, "it is bound here");
    }
    diagnostic.help(format!("add {list} to exportTo"));
}
