//! `waypoint-routes`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::model::networking::TrafficPolicy;
use crate::source::Span;
use crate::world::{DataPlane, DestinationRule, NamespacedName, Service, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "waypoint-routes",
    aliases: ["KIA0210", "KIA0211", "KIA0212", "KIA1109", "KIA1113", "KIA1114"],
    severity: Warning,
    summary: "a VirtualService or DestinationRule for an ambient service whose waypoint does not apply it",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if !world.namespaces.defined().any(|namespace| world.namespaces.is_ambient(namespace.name()) == Some(true)) {
        return;
    }
    let mesh = Mesh::new(world);
    let routes = world.virtual_services.iter().filter(|service| service.binds_mesh() && !service.is_delegate());
    for service in routes {
        check_virtual_service(&mesh, service, diagnostics);
    }
    for rule in world.destination_rules.iter().filter(|rule| says_something(rule)) {
        check_destination_rule(&mesh, rule, diagnostics);
    }
}

/// What the rule asks again and again.
struct Mesh<'w, 'a> {
    world: &'w World<'a>,
    /// Whether some clients have sidecars, which apply routes and policies themselves.
    has_sidecars: bool,
    /// The hosts that gateways route to. They apply DestinationRules themselves.
    of_gateways: BTreeSet<String>,
}

impl<'w, 'a> Mesh<'w, 'a> {
    fn new(world: &'w World<'a>) -> Self {
        let has_sidecar = |it| world.namespaces.data_plane(it) == Some(DataPlane::Sidecar);
        let all = world.virtual_services.iter().chain(&world.derived.virtual_services);
        let of_gateways = all
            .filter(|service| service.is_delegate() || service.bound_to.iter().any(|bound| bound.gateway.is_some()))
            .flat_map(|service| {
                let full = |host| service.full_host(host, &world.settings).into_owned();
                service.destinations().into_iter().map(move |it| full(it.host)).collect::<Vec<_>>()
            });
        Self { world, has_sidecars: world.workloads.iter().any(has_sidecar), of_gateways: of_gateways.collect() }
    }

    /// The service of a host, if it and its workloads are of the ambient mesh.
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

fn check_virtual_service(mesh: &Mesh<'_, '_>, routes: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    for host in &routes.hosts {
        let Some(service) = mesh.ambient_service(host) else { continue };
        let Some(waypoint) = mesh.waypoint_of(service) else {
            let what = "these routes apply to no ambient client: the service has no waypoint";
            report_missing(mesh, service, host.span, what, diagnostics).aliases = &["KIA1109", "KIA1113"];
            continue;
        };
        if ![service.namespace.as_str(), waypoint.namespace.as_ref()].contains(&routes.name.namespace.as_ref()) {
            let message = format!("the waypoint takes no VirtualServices of namespace {}", routes.name.namespace);
            let diagnostic = diagnostics.report_default(host.span, message);
            diagnostic.related(service.span, "the service").help("move the VirtualService beside the service");
            diagnostic.aliases = &["KIA1114"];
        }
    }
}

fn check_destination_rule(mesh: &Mesh<'_, '_>, rule: &DestinationRule<'_>, diagnostics: &mut Diagnostics) {
    let Some(service) = mesh.ambient_service(&rule.host) else { return };
    let Some(waypoint) = mesh.waypoint_of(service) else {
        if !mesh.of_gateways.contains(rule.host.as_str()) {
            let what = "this DestinationRule applies to no ambient client: the service has no waypoint";
            report_missing(mesh, service, rule.host.span, what, diagnostics).aliases = &["KIA0210", "KIA0211"];
        }
        return;
    };
    let root = mesh.world.settings.root_namespace.as_str();
    let looked_at = [service.namespace.as_str(), waypoint.namespace.as_ref(), root];
    if !looked_at.contains(&rule.name.namespace.as_ref()) {
        let message = format!("the waypoint does not look for DestinationRules in namespace {}", rule.name.namespace);
        let diagnostic = diagnostics.report_default(rule.host.span, message);
        diagnostic.related(service.span, "the service").help("move the DestinationRule beside the service");
        diagnostic.aliases = &["KIA0212"];
    }
}

fn report_missing<'f>(
    mesh: &Mesh<'_, '_>,
    service: &Service<'_>,
    span: Span,
    message: &str,
    diagnostics: &'f mut Diagnostics,
) -> &'f mut Diagnostic {
    let diagnostic = diagnostics.report_default(span, message);
    diagnostic
        .related(service.span, "neither it nor its namespace has the label istio.io/use-waypoint")
        .help("label one of them with the name of a waypoint");
    if mesh.has_sidecars {
        diagnostic.severity(Severity::Info);
    }
    diagnostic
}

/// Whether a DestinationRule asks for more than TLS, which the ambient mesh sees to by itself.
fn says_something(rule: &DestinationRule<'_>) -> bool {
    let says = |policy: &TrafficPolicy| {
        policy.load_balancer.is_some()
            || policy.connection_pool.is_some()
            || policy.outlier_detection.is_some()
            || policy.port_level_settings.iter().any(|port| {
                port.load_balancer.is_some() || port.connection_pool.is_some() || port.outlier_detection.is_some()
            })
    };
    let of_subsets = rule.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
    rule.spec.traffic_policy.iter().chain(of_subsets).any(says)
}
