//! `entry-without-endpoints`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{Resolution, ServiceEntry};
use crate::model::{Resource, Spec};
use crate::world::{DestinationRef, Discovery, ProtocolClass, Service, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "entry-without-endpoints",
    summary: "a ServiceEntry has no endpoints, but proxies need some, so Envoy answers requests with 503",
    findings: [&NONE_AT_GATEWAY, &NONE_LISTED, &NONE_SELECTED],
    check: check,
};

static NONE_AT_GATEWAY: Finding = finding! {
    "none-at-gateway", Lost, Certain, [],
    "a gateway routes to a ServiceEntry with resolution `NONE`, which has no endpoints",
};
static NONE_LISTED: Finding = finding! {
    "none-listed", Lost, Likely, [],
    "the ServiceEntry has neither `endpoints` nor a `workloadSelector`",
};
static NONE_SELECTED: Finding = finding! {
    "none-selected", Lost, Likely, [],
    "no workload has the labels of the `workloadSelector`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in context.snapshot.resources() {
        let Spec::ServiceEntry(entry) = &resource.spec else { continue };
        let Some(resolution) = entry.resolution.filter(|resolution| resolution.value == Resolution::Static) else {
            continue;
        };
        match &entry.workload_selector {
            None if entry.endpoints.is_empty() => {
                diagnostics
                    .report(
                        &NONE_LISTED,
                        resolution.span,
                        "the resolution is `STATIC`, but the ServiceEntry has no endpoints",
                    )
                    .help({
                        let edit = Edit::set(resolution.span, "DNS").of("resolution");
                        Advice::new(format!("add `endpoints` or a `workloadSelector`, or write {edit}")).option([edit])
                    });
            }
            None => {}
            Some(_) => check_selected(world, resource, entry, diagnostics),
        }
    }
    for virtual_service in &world.virtual_services {
        for destination in virtual_service.destinations() {
            check_destination(context, virtual_service, &destination, diagnostics);
        }
    }
}

/// Reports a destination of a gateway that is a ServiceEntry with resolution `NONE`. Sidecars forward its requests to the
/// address that the client dialled. Clients of a gateway dial the gateway, so it looks for endpoints (istiod:
/// `convertResolution`).
fn check_destination(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let host = virtual_service.full_host(destination.host, &world.settings);
    let mut services = world.services.named(&host);
    let (Some(service), None) = (services.next(), services.next()) else { return };
    let Spec::ServiceEntry(entry) = &service.resource.spec else { return };
    let is_passed_on = service.discovery == Discovery::Entry(Resolution::None);
    if !is_passed_on || !entry.endpoints.is_empty() || entry.workload_selector.is_some() {
        return;
    }
    let roots = world.roots_of(virtual_service).into_iter();
    let gateways = roots.flat_map(|it| &it.bound_to).filter_map(|bound| bound.gateway.as_ref());
    let mut using = gateways.filter(|gateway| destination.route.ports_at(Some(gateway)).has_any());
    let Some(gateway) = using.next() else { return };
    if !context.is_definite(service.resource, diagnostics) {
        return;
    }
    let message =
        format!("Gateway `{gateway}` has no endpoints for `{host}`, whose `resolution` is `NONE`, so requests get 503");
    let place = entry.resolution.map_or(service.span, |resolution| resolution.span);
    diagnostics
        .report(&NONE_AT_GATEWAY, destination.host.span, message)
        .related(place, "gateways have no address that the client dialled")
        .help(other_resolution(service, entry));
}

/// The resolution that gives gateways addresses. On TCP ports it would capture connections to other hosts.
fn other_resolution(service: &Service<'_>, entry: &ServiceEntry) -> Advice {
    let tells_hosts_apart = |class| matches!(class, ProtocolClass::Http | ProtocolClass::Tls);
    if !service.ports.iter().all(|port| tells_hosts_apart(port.protocol.class())) {
        return Advice::new("list `endpoints`, or set `addresses` and another `resolution`");
    }
    let resolution = match host::wildcard_suffix(&service.hostname) {
        Some(_) => "DYNAMIC_DNS",
        None => "DNS",
    };
    let edit = match entry.resolution {
        Some(written) => Edit::set(written.span, resolution).of("resolution"),
        None => Edit::add(entry.span, ["resolution"], resolution),
    };
    Advice::new(format!("write {edit}, or list `endpoints`")).option([edit])
}

fn check_selected(world: &World<'_>, resource: &Resource, entry: &ServiceEntry, diagnostics: &mut Diagnostics) {
    let Some(selector) = &entry.workload_selector else { return };
    let namespace = world.settings.namespace_of(resource);
    let mut of_namespace = world.workloads.iter().filter(|workload| workload.name.namespace == namespace).peekable();
    if selector.labels.is_empty() {
        return;
    }
    if let Err(gap) = world.inventory.lists_workloads(namespace)
        && of_namespace.peek().is_none()
    {
        return diagnostics.unchecked(gap);
    }
    if !of_namespace.any(|workload| workload.is_selected_by(&selector.labels)) {
        if let Some(gap) = world.inventory.may_have_workloads(Some(namespace), &selector.labels.to_set()) {
            return diagnostics.unchecked(gap);
        }
        let span = selector.labels.span.unwrap_or(selector.span);
        diagnostics
            .report(
                &NONE_SELECTED,
                span,
                format!("no workload of namespace `{namespace}` has labels `{}`", selector.labels.describe()),
            )
            .help("use labels of a WorkloadEntry or a Pod of the same namespace");
    }
}
