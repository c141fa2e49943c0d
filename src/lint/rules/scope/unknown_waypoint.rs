//! `unknown-waypoint`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::gateway_api::KubernetesGateway;
use crate::model::{Kind, Labels, Resource, nearest};
use crate::source::Spanned;
use crate::world::{Enrolment, Gap, NamespacedName, WAYPOINT_FOR, World};

pub static RULE: Rule = rule! {
    name: "unknown-waypoint",
    aliases: ["KIA1313"],
    severity: Error,
    summary: "a waypoint that is not there, or is not for what names it: requests do not go through it",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for namespace in world.namespaces.defined() {
        check_labels(world, &namespace.metadata.labels, namespace.name(), Level::Namespace, diagnostics);
    }
    let is_service = |resource: &&Resource| matches!(resource.kind, Kind::Service | Kind::ServiceEntry);
    for resource in context.snapshot.resources.iter().filter(is_service) {
        let namespace = world.settings.namespace_of(resource);
        check_labels(world, &resource.metadata.labels, namespace, Level::Service, diagnostics);
    }
    for workload in &world.workloads {
        if let Some(labels) = workload.written_labels {
            check_labels(world, labels, &workload.name.namespace, Level::Workload, diagnostics);
        }
    }
}

/// What names the waypoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Namespace,
    Service,
    Workload,
}

fn check_labels(world: &World<'_>, labels: &Labels, namespace: &str, level: Level, diagnostics: &mut Diagnostics) {
    let Some(Enrolment::Waypoint { name, written }) = Enrolment::of(labels, namespace) else { return };
    let Some((resource, spec)) = world.waypoints.get(&name) else {
        return check_missing(world, &name, written, diagnostics);
    };
    if name.namespace != namespace && !admits_others(spec) {
        diagnostics
            .report_default(written.span, format!("waypoint {name} takes only what is in its own namespace"))
            .related(resource.name_span(), "none of its listeners admits other namespaces")
            .help("set allowedRoutes.namespaces of its listener");
        return;
    }
    let purpose = resource.metadata.labels.get(WAYPOINT_FOR).map_or("service", |purpose| purpose.as_str());
    let is_meant = match level {
        Level::Namespace => purpose != "none",
        Level::Service => matches!(purpose, "service" | "all"),
        Level::Workload => matches!(purpose, "workload" | "all"),
    };
    if !is_meant {
        let what = match level {
            Level::Namespace => "nothing",
            Level::Service => "workloads, not for services",
            Level::Workload => "services, not for workloads",
        };
        diagnostics
            .report_default(written.span, format!("waypoint {name} is for {what}"))
            .related(
                resource.name_span(),
                format!("its label {WAYPOINT_FOR} is {purpose}, where service is the default"),
            )
            .help(format!("label the Gateway {WAYPOINT_FOR}: all"));
    }
}

fn check_missing(
    world: &World<'_>,
    name: &NamespacedName<'_>,
    written: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let has_any = world.waypoints.names_in(&name.namespace).next().is_some();
    let gap = Gap::NoResources(Kind::KubernetesGateway, name.namespace.to_string());
    if let Err(gap) = world.inventory.expect(has_any, gap) {
        return diagnostics.unchecked(gap);
    }
    let diagnostic = diagnostics.report_default(written.span, format!("there is no waypoint {name}"));
    match nearest(&name.name, world.waypoints.names_in(&name.namespace)) {
        Some(suggestion) => diagnostic.help(format!("did you mean {suggestion}?")),
        None => diagnostic.help("add a Gateway of that name with gatewayClassName: istio-waypoint"),
    };
}

/// Whether some listener admits other namespaces than the Gateway's own. Which ones a selector means is left open.
fn admits_others(spec: &KubernetesGateway) -> bool {
    spec.listeners.iter().any(|listener| {
        let namespaces = listener.allowed_routes.as_ref().and_then(|routes| routes.namespaces.as_ref());
        let from = namespaces.and_then(|namespaces| namespaces.from.as_ref());
        from.is_some_and(|from| matches!(from.as_str(), "All" | "Selector"))
    })
}
