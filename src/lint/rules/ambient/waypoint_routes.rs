//! `waypoint-routes`

use std::collections::BTreeSet;

use super::explain_missing_waypoint;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::TrafficPolicy;
use crate::world::{DataPlane, DestinationRule, NamespacedName, Service, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "waypoint-routes",
    summary: "no waypoint applies the VirtualService or DestinationRule of a service in the ambient mesh",
    findings: [
        &NO_WAYPOINT_FOR_ROUTES,
        &ROUTES_ELSEWHERE,
        &NO_WAYPOINT_FOR_POLICY,
        &POLICY_ELSEWHERE,
        &ROUTES_OF_SIDECARS,
        &POLICY_OF_SIDECARS,
    ],
    check: check,
};

static NO_WAYPOINT_FOR_ROUTES: Finding = finding! {
    "no-waypoint-for-routes", Lost, Likely, ["KIA1109", "KIA1113"],
    "the service of a VirtualService has no waypoint",
};
static ROUTES_ELSEWHERE: Finding = finding! {
    "routes-elsewhere", Lost, Likely, ["KIA1114"],
    "the VirtualService is in a namespace that the waypoint does not read",
};
static NO_WAYPOINT_FOR_POLICY: Finding = finding! {
    "no-waypoint-for-policy", Surprising, Certain, ["KIA0210", "KIA0211"],
    "the service of a DestinationRule has no waypoint",
};
static POLICY_ELSEWHERE: Finding = finding! {
    "policy-elsewhere", Surprising, Certain, ["KIA0212"],
    "the DestinationRule is in a namespace that the waypoint does not read",
};
static ROUTES_OF_SIDECARS: Finding = finding! {
    "routes-of-sidecars", Surprising, Likely, ["KIA1109", "KIA1113"],
    "the service of a VirtualService has no waypoint, but some clients have sidecars",
};
static POLICY_OF_SIDECARS: Finding = finding! {
    "policy-of-sidecars", Surprising, Likely, ["KIA0210", "KIA0211"],
    "the service of a DestinationRule has no waypoint, but some clients have sidecars",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if !world.namespaces.defined().any(|namespace| world.namespaces.is_ambient(namespace.name()) == Some(true)) {
        return;
    }
    let mesh = Mesh::new(world);
    for virtual_service in world.virtual_services.iter().filter(|it| it.binds_mesh() && !it.is_delegate()) {
        check_virtual_service(&mesh, virtual_service, diagnostics);
    }
    for destination_rule in world.destination_rules.iter().filter(|it| needs_waypoint(it)) {
        check_destination_rule(&mesh, destination_rule, diagnostics);
    }
}

/// Facts about the whole mesh, computed once.
struct Mesh<'w, 'a> {
    world: &'w World<'a>,
    /// Whether some clients have sidecars, which apply routes and policies themselves.
    has_sidecars: bool,
    /// The hosts that gateways route to. Gateways apply DestinationRules themselves.
    of_gateways: BTreeSet<String>,
}

impl<'w, 'a> Mesh<'w, 'a> {
    fn new(world: &'w World<'a>) -> Self {
        let has_sidecar = |it| world.namespaces.data_plane(it) == Some(DataPlane::Sidecar);
        let all = world.all_virtual_services();
        let of_gateways = all
            .filter(|it| it.is_delegate() || it.bound_to.iter().any(|bound| bound.gateway.is_some()))
            .flat_map(|virtual_service| {
                let full = |host| virtual_service.full_host(host, &world.settings).into_owned();
                virtual_service.destinations().into_iter().map(move |it| full(it.host)).collect::<Vec<_>>()
            });
        Self { world, has_sidecars: world.workloads.iter().any(has_sidecar), of_gateways: of_gateways.collect() }
    }

    /// The service of a host, if the service and its workloads are in the ambient mesh.
    fn ambient_service(&self, host: &str) -> Option<&'w Service<'a>> {
        let service = self.world.services.named(host).find(|service| service.is_kubernetes())?;
        let is_ambient = self.world.namespaces.is_ambient(&service.namespace) == Some(true);
        let workloads = service.selector.map(|selector| self.world.selected_in(&service.namespace, Some(selector)));
        let planes = workloads.into_iter().flatten().map(|it| self.world.namespaces.data_plane(it));
        let mut planes = planes.peekable();
        let has_ambient = planes.peek().is_none() || planes.any(|plane| plane == Some(DataPlane::Ambient));
        (is_ambient && has_ambient).then_some(service)
    }

    fn waypoint_of(&self, service: &'w Service<'a>) -> Option<NamespacedName<'w>> {
        self.world.waypoint(&service.resource.metadata.labels, &service.namespace)
    }
}

fn check_virtual_service(mesh: &Mesh<'_, '_>, virtual_service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    for host in &virtual_service.hosts {
        let Some(service) = mesh.ambient_service(host) else { continue };
        let Some(waypoint) = mesh.waypoint_of(service) else {
            let finding = if mesh.has_sidecars { &ROUTES_OF_SIDECARS } else { &NO_WAYPOINT_FOR_ROUTES };
            let message = format!("no ambient client uses these routes: `{}` has no waypoint", service.hostname);
            explain_missing_waypoint(diagnostics.report(finding, host.span, message), service);
            continue;
        };
        let own = virtual_service.name.namespace.as_ref();
        if own != service.namespace && own != waypoint.namespace {
            diagnostics
                .report(
                    &ROUTES_ELSEWHERE,
                    host.span,
                    format!("waypoint `{waypoint}` ignores VirtualServices of namespace `{own}`"),
                )
                .related(service.span, format!("the service is in namespace `{}`", service.namespace))
                .help(format!("move the VirtualService to namespace `{}`", service.namespace));
        }
    }
}

fn check_destination_rule(mesh: &Mesh<'_, '_>, destination_rule: &DestinationRule<'_>, diagnostics: &mut Diagnostics) {
    let host = &destination_rule.host;
    let Some(service) = mesh.ambient_service(host) else { return };
    let Some(waypoint) = mesh.waypoint_of(service) else {
        if !mesh.of_gateways.contains(host.as_str()) {
            let finding = if mesh.has_sidecars { &POLICY_OF_SIDECARS } else { &NO_WAYPOINT_FOR_POLICY };
            let message =
                format!("no ambient client uses this DestinationRule: `{}` has no waypoint", service.hostname);
            explain_missing_waypoint(diagnostics.report(finding, host.span, message), service);
        }
        return;
    };
    let own = destination_rule.name.namespace.as_ref();
    let root = mesh.world.settings.root_namespace.as_str();
    if ![service.namespace.as_str(), waypoint.namespace.as_ref(), root].contains(&own) {
        diagnostics
            .report(
                &POLICY_ELSEWHERE,
                host.span,
                format!("waypoint `{waypoint}` ignores DestinationRules of namespace `{own}`"),
            )
            .related(service.span, format!("the service is in namespace `{}`", service.namespace))
            .help(format!("move the DestinationRule to namespace `{}`", service.namespace));
    }
}

/// Whether a DestinationRule configures more than TLS, which the ambient mesh does by itself.
fn needs_waypoint(destination_rule: &DestinationRule<'_>) -> bool {
    let has_settings = |policy: &TrafficPolicy| {
        policy.load_balancer.is_some()
            || policy.connection_pool.is_some()
            || policy.outlier_detection.is_some()
            || policy.port_level_settings.iter().any(|port| {
                port.load_balancer.is_some() || port.connection_pool.is_some() || port.outlier_detection.is_some()
            })
    };
    let of_subsets = destination_rule.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
    destination_rule.spec.traffic_policy.iter().chain(of_subsets).any(has_settings)
}
