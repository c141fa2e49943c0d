//! `double-tls`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::routing::Upstream;
use crate::source::Span;
use crate::world::{ProtocolClass, Section, Service, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "double-tls",
    summary: "a DestinationRule originates TLS for connections that are TLS already, so the server gets TLS in TLS",
    findings: [&TLS_ROUTE, &TLS_PORT],
    check: check,
};

static TLS_ROUTE: Finding = finding! {
    "tls-route", Lost, Certain, [],
    "a `tls` route leads to the port, so its connections are TLS",
};
static TLS_PORT: Finding = finding! {
    "tls-port", Lost, Likely, [],
    "a ServiceEntry declares that clients use HTTPS or TLS on the port, and no `http` route leads there",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let requests = HttpTargets::new(world);
    let mut reported = BTreeSet::new();
    for virtual_service in world.all_virtual_services() {
        check_tls_routes(context, virtual_service, &requests, &mut reported, diagnostics);
    }
    for (service, entry) in world.services.entries() {
        // Several ServiceEntries of a host are merged, or hide each other.
        for host in entry.hosts.iter().filter(|host| world.services.named(host).nth(1).is_none()) {
            let Some(service) = world.services.named(host).find(|it| std::ptr::eq(it.resource, service.resource))
            else {
                continue;
            };
            check_entry(context, service, &requests, &mut reported, diagnostics);
        }
    }
}

/// The ports to which `http` routes lead, by host. Port 0 stands for any port: the destination names none.
struct HttpTargets(BTreeMap<String, BTreeSet<u32>>);

impl HttpTargets {
    fn new(world: &World<'_>) -> Self {
        let mut targets = Self(BTreeMap::new());
        for virtual_service in world.all_virtual_services() {
            for destination in virtual_service.destinations().iter().filter(|it| it.route.section == Section::Http) {
                let host = virtual_service.full_host(destination.host, &world.settings).into_owned();
                let port = destination.destination.port.as_ref().and_then(|port| port.number);
                targets.0.entry(host).or_default().insert(port.map_or(0, |port| port.value));
            }
        }
        targets
    }

    fn include(&self, host: &str, port: u32) -> bool {
        self.0.get(host).is_some_and(|ports| ports.contains(&0) || ports.contains(&port))
    }
}

/// Reports TLS for the destinations of `tls` routes.
fn check_tls_routes(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    requests: &HttpTargets,
    reported: &mut BTreeSet<Span>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    for destination in virtual_service.destinations().iter().filter(|it| it.route.section == Section::Tls) {
        let host = virtual_service.full_host(destination.host, &world.settings);
        let mut services = world.services.named(&host);
        let (Some(service), None) = (services.next(), services.next()) else { continue };
        let named = destination.destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
        let only = service.ports.first().map(|port| port.number).filter(|_| service.ports.len() == 1);
        let Some(port) = named.or(only).filter(|port| !requests.include(&host, *port)) else { continue };
        // The rule about gateways behind routes says what a gateway answers.
        if service.port(port).is_none()
            || world.is_before_gateway(service)
            || !world.other_ports(virtual_service, &destination.route).is_empty()
        {
            continue;
        }
        let subset = destination.destination.subset.text();
        let uses = |gateway| destination.route.ports_at(gateway).has_any();
        let bounds = virtual_service.bound_to.iter().filter(|bound| uses(bound.gateway.as_ref()));
        let is_same_everywhere = world.destination_rules.are_same_everywhere(service);
        let clients = bounds.flat_map(|bound| {
            world.clients_at(virtual_service, bound).into_iter().map(move |client| (client, bound.gateway.as_ref()))
        });
        // If the namespace of a gateway is not known, another DestinationRule may be for it.
        let mut clients = clients.filter(|(client, gateway)| {
            is_same_everywhere || gateway.is_none_or(|gateway| world.places_gateway(client, gateway))
        });
        let settings = clients.find_map(|(client, _)| {
            Upstream::towards(world, (&client.namespace, client.labels), service, subset, port).tls_around_tls()
        });
        let Some(settings) = settings else { continue };
        let place = settings.mode.map_or(settings.span, |mode| mode.span);
        if context.is_definite(service.resource, diagnostics) && reported.insert(place) {
            diagnostics
                .report(
                    &TLS_ROUTE,
                    place,
                    format!("connections to port {port} of `{host}` are TLS already, so the server gets TLS in TLS"),
                )
                .related(destination.route.span, "this route forwards TLS")
                .help("remove `tls`, or terminate TLS before, and route the requests with `http` routes");
        }
    }
}

/// Reports TLS for ports on which clients use TLS themselves. Another DestinationRule may apply to clients of other
/// namespaces, so those of the ServiceEntry and of the DestinationRule count.
fn check_entry(
    context: &Context<'_>,
    service: &Service<'_>,
    requests: &HttpTargets,
    reported: &mut BTreeSet<Span>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let is_tls = |class: ProtocolClass| class == ProtocolClass::Tls;
    let is_all_tls = service.ports.iter().all(|port| is_tls(port.protocol.class()));
    let of_service = world.destination_rules.of_service(service);
    let mut clients: BTreeSet<&str> = of_service.map(|it| it.name.namespace.as_ref()).collect();
    clients.insert(&service.namespace);
    for port in service.ports.iter().filter(|port| is_tls(port.protocol.class())) {
        if requests.include(&service.hostname, port.number) {
            continue;
        }
        for client in clients.iter().filter(|client| service.export_to.includes(client)) {
            let upstream = Upstream::towards(world, (client, None), service, "", port.number);
            let Some(settings) = upstream.tls_around_tls() else { continue };
            // TLS for all ports is usually for those that have plaintext.
            let is_of_port = || {
                world
                    .destination_rules
                    .iter()
                    .flat_map(|it| it.tls_settings())
                    .any(|tls| tls.port == Some(port.number) && tls.settings.span == settings.span)
            };
            let place = settings.mode.map_or(settings.span, |mode| mode.span);
            let is_meant = is_all_tls || is_of_port();
            if is_meant && context.is_definite(service.resource, diagnostics) && reported.insert(place) {
                let (number, protocol) = (port.number, port.protocol);
                let message = format!(
                    "clients use TLS on port {number} of `{}`, which is {protocol}, so the server gets TLS in TLS",
                    service.hostname
                );
                diagnostics.report(&TLS_PORT, place, message).related(port.span, "this port").help(format!(
                    "remove `tls`, or let clients use `http://` on a port with `protocol: HTTP` and `targetPort: {number}`"
                ));
            }
        }
    }
}
