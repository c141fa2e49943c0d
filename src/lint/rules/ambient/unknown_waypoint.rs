//! `unknown-waypoint`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::gateway_api::KubernetesGateway;
use crate::model::spelling::did_you_mean;
use crate::model::{Kind, Labels, Resource};
use crate::source::Spanned;
use crate::world::{Enrolment, NamespacedName, WAYPOINT_FOR, World};

pub static RULE: Rule = rule! {
    name: "unknown-waypoint",
    summary: "a label names a waypoint that does not exist or does not serve the resource, so requests bypass the waypoint",
    findings: [&MISSING, &NAMESPACE_NOT_ALLOWED, &NOT_SERVED],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Lost, Certain, ["KIA1313"],
    "the waypoint does not exist",
};
static NAMESPACE_NOT_ALLOWED: Finding = finding! {
    "namespace-not-allowed", Lost, Certain, [],
    "the waypoint is in another namespace and allows only resources of its own",
};
static NOT_SERVED: Finding = finding! {
    "not-served", Lost, Certain, [],
    "the label `istio.io/waypoint-for` of the waypoint excludes the resource",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for namespace in world.namespaces.defined() {
        check_labels(world, &namespace.metadata.labels, namespace.name(), Level::Namespace, diagnostics);
    }
    let is_service = |resource: &&Resource| matches!(resource.kind, Kind::Service | Kind::ServiceEntry);
    for resource in context.snapshot.resources().filter(is_service) {
        let namespace = world.settings.namespace_of(resource);
        check_labels(world, &resource.metadata.labels, namespace, Level::Service, diagnostics);
    }
    for workload in &world.workloads {
        if let Some(labels) = workload.written_labels {
            check_labels(world, labels, &workload.name.namespace, Level::Workload, diagnostics);
        }
    }
}

/// The resource that names the waypoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Namespace,
    Service,
    Workload,
}

fn check_labels(world: &World<'_>, labels: &Labels, namespace: &str, level: Level, diagnostics: &mut Diagnostics) {
    let Some(Enrolment::Waypoint { name, written }) = Enrolment::of(labels, namespace) else { return };
    let Some((resource, gateway)) = world.waypoints.get(&name) else {
        return check_missing(world, &name, written, diagnostics);
    };
    if name.namespace != namespace && !allows_other_namespaces(gateway) {
        diagnostics
            .report(
                &NAMESPACE_NOT_ALLOWED,
                written.span,
                format!("waypoint `{name}` allows only resources of its own namespace"),
            )
            .related(resource.name_span(), "no listener of the Gateway allows other namespaces")
            .help("set `allowedRoutes.namespaces.from: All` on a listener of the Gateway");
        return;
    }
    check_purpose(resource, &name, written, level, diagnostics);
}

fn check_purpose(
    gateway: &Resource,
    name: &NamespacedName<'_>,
    written: &Spanned<String>,
    level: Level,
    diagnostics: &mut Diagnostics,
) {
    let label = gateway.metadata.labels.get(WAYPOINT_FOR);
    let purpose = label.map_or("service", |purpose| purpose.as_str());
    let is_served = match level {
        Level::Namespace => purpose != "none",
        Level::Service => matches!(purpose, "service" | "all"),
        Level::Workload => matches!(purpose, "workload" | "all"),
    };
    if is_served {
        return;
    }
    let served = match (purpose, level) {
        ("none", _) | (_, Level::Namespace) => "traffic",
        (_, Level::Service) => "services",
        (_, Level::Workload) => "workloads",
    };
    let diagnostic = diagnostics.report(&NOT_SERVED, written.span, format!("waypoint `{name}` serves no {served}"));
    match label {
        Some(label) => diagnostic.related(label.span, format!("the Gateway has the label `{WAYPOINT_FOR}: {purpose}`")),
        None => diagnostic.related(
            gateway.name_span(),
            format!("without the label `{WAYPOINT_FOR}` a waypoint serves only services"),
        ),
    };
    diagnostic.help(format!("set the label `{WAYPOINT_FOR}: all` on the Gateway"));
}

fn check_missing(
    world: &World<'_>,
    name: &NamespacedName<'_>,
    written: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let has_any = world.waypoints.names_in(&name.namespace).next().is_some();
    let inventory = &world.inventory;
    let known = inventory.expect_kind(has_any, Kind::KubernetesGateway, &name.namespace);
    let more = || inventory.may_exist(Kind::KubernetesGateway, &name.namespace, &name.name).map_or(Ok(()), Err);
    if let Err(gap) = known.and_then(|()| more()) {
        return diagnostics.unchecked(gap);
    }
    let help = did_you_mean(written.span, &name.name, world.waypoints.names_in(&name.namespace));
    let addition = || format!("add a Gateway `{name}` with `gatewayClassName: istio-waypoint`").into();
    diagnostics
        .report(&MISSING, written.span, format!("waypoint `{name}` does not exist"))
        .cause(format!("waypoint {name}"))
        .help(help.unwrap_or_else(addition));
}

/// Whether some listener allows other namespaces than the Gateway's own. Selectors of namespaces are assumed to match.
fn allows_other_namespaces(gateway: &KubernetesGateway) -> bool {
    gateway.listeners.iter().any(|listener| {
        let namespaces = listener.allowed_routes.as_ref().and_then(|routes| routes.namespaces.as_ref());
        namespaces.is_some_and(|namespaces| matches!(namespaces.from.text(), "All" | "Selector"))
    })
}
