//! `route-protocol`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::rules::service_entry::plaintext_on_tls_port::plaintext_at;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, wording};
use crate::world::{OtherPort, Route, Section, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "route-protocol",
    summary: "`http`, `tls` or `tcp` routes for a port with another protocol, so they never apply",
    findings: [&OTHER_PROTOCOL, &ONLY_PLAINTEXT],
    check: check,
};

static OTHER_PROTOCOL: Finding = finding! {
    "other-protocol", Lost, Certain, [],
    "no port that the route is for has the protocol of the route",
};

static ONLY_PLAINTEXT: Finding = finding! {
    "only-plaintext", Lost, Likely, [],
    "the ports of the ServiceEntry are HTTPS or TLS, so `http` routes apply to plaintext requests to port 80 only",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in context.world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for route in virtual_service.routes() {
            check_route(context.world, virtual_service, &route, diagnostics);
        }
    }
}

fn check_route(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    route: &Route<'_>,
    diagnostics: &mut Diagnostics,
) {
    let others = world.other_ports(virtual_service, route);
    let Some(first) = others.first() else { return };
    let (section, port) = (route.section.name(), &first.description);
    let diagnostic = if first.is_beside_port_80 {
        let message = format!("`{section}` routes do not apply to {port}, but only to plaintext requests to port 80");
        diagnostics.report(&ONLY_PLAINTEXT, route.span, message)
    } else {
        diagnostics.report(&OTHER_PROTOCOL, route.span, format!("`{section}` routes do not apply to {port}"))
    };
    diagnostic.related(first.span, "this port").help(advice(route, first));
    if first.declared_by == Kind::ServiceEntry && first.number == 443 && first.sections == [Section::Http] {
        diagnostic.cause(plaintext_at(first.span));
    }
    let destination = route.targets().into_iter().find_map(|target| target.destination);
    if let Some(destination) = destination.filter(|_| first.is_beside_port_80) {
        diagnostic.related(destination.span, "plaintext requests go there");
    }
}

/// The section to use instead, or the protocol with which the port would have the route.
fn advice(route: &Route<'_>, port: &OtherPort) -> String {
    let sections = wording::list(port.sections.iter().map(|section| section.name()), "or");
    let is_of_entry = port.declared_by == Kind::ServiceEntry;
    match (port.sections.as_slice(), route.section) {
        ([], _) => "remove the route: no route applies to this port".to_owned(),
        // Port 443 of an external host does not speak plaintext HTTP.
        (_, Section::Http) if port.is_beside_port_80 || (is_of_entry && port.number == 443) => {
            format!("write {sections} routes, or let clients use `http://`, and add port 80 to the ServiceEntry")
        }
        (_, Section::Http) if is_of_entry => {
            format!("write {sections} routes, or set the `protocol` of the port to `HTTP`, if clients speak it")
        }
        (_, Section::Tls) if is_of_entry => {
            format!("write {sections} routes, or set the `protocol` of the port to `TLS`, if clients use TLS")
        }
        // Kubernetes has no field for the protocol that Istio needs.
        (_, section) if port.declared_by == Kind::Service => {
            let name = section.name();
            format!("write {sections} routes, or set `appProtocol: {name}` for the port if clients speak it")
        }
        _ => format!("write {sections} routes, or change the protocol of the port"),
    }
}
