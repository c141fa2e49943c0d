//! `host-not-in-gateway`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Finding, Rule};
use crate::model::wording;
use crate::source::{Span, Spanned};
use crate::world::{Gateway, ServerHost, VirtualService, host};

pub static RULE: Rule = rule! {
    name: "host-not-in-gateway",
    summary: "a VirtualService has a host that its Gateway does not serve, so requests for the host get 404",
    findings: [&NO_COMMON_HOST, &UNSERVED_HOST],
    check: check,
};

static NO_COMMON_HOST: Finding = finding! {
    "no-common-host", Lost, Certain, ["IST0132"],
    "the Gateway serves none of the hosts of the VirtualService",
};
static UNSERVED_HOST: Finding = finding! {
    "unserved-host", Lost, Likely, [],
    "the Gateways serve other hosts of the VirtualService, but not this one",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in context.world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        check_virtual_service(context, virtual_service, diagnostics);
    }
}

/// A Gateway that a VirtualService is bound to, and the place that says so.
struct Binding<'w, 'a> {
    gateway: &'w Gateway<'a>,
    span: Option<Span>,
}

fn check_virtual_service(context: &Context<'_>, virtual_service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    let mut bindings = Vec::new();
    for bound in &virtual_service.bound_to {
        let gateway = bound.gateway.as_ref().and_then(|name| context.world.gateway(name));
        bindings.extend(gateway.map(|gateway| Binding { gateway, span: bound.span }));
    }
    bindings.retain(|binding| context.is_definite(binding.gateway.resource, diagnostics));
    let hosts: Vec<&Spanned<String>> =
        virtual_service.hosts.iter().filter(|host| !context.is_refused(host.span)).collect();
    let serves_any =
        |binding: &&Binding<'_, '_>| hosts.iter().any(|host| serves(binding.gateway, host, virtual_service));
    let (useful, useless): (Vec<&Binding<'_, '_>>, Vec<_>) = bindings.iter().partition(serves_any);
    let knows_all = bindings.len() == virtual_service.bound_to.len();
    match (useful.as_slice(), useless.as_slice()) {
        (_, []) => {}
        ([], [only]) if knows_all => {
            let gateway = only.gateway;
            for host in &hosts {
                let message = format!("Gateway `{}` does not serve host `{}`", gateway.name, host.as_str());
                let diagnostic = diagnostics.report(&NO_COMMON_HOST, host.span, message);
                explain(virtual_service, gateway, &[host.as_str()], diagnostic);
            }
        }
        _ => {
            for binding in &useless {
                let names: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
                let Some(place) = binding.span.filter(|_| !names.is_empty()) else { continue };
                let gateway = binding.gateway;
                let message = format!("Gateway `{}` does not serve {}", gateway.name, wording::list(&names, "or"));
                let diagnostic = diagnostics.report(&NO_COMMON_HOST, place, message);
                explain(virtual_service, gateway, &names, diagnostic);
            }
        }
    }
    // A host that is for the mesh need not be served by a Gateway.
    if knows_all && !virtual_service.binds_mesh() && !useful.is_empty() {
        let is_served = |host: &Spanned<String>| useful.iter().any(|it| serves(it.gateway, host, virtual_service));
        for host in hosts.iter().filter(|host| !is_served(host)) {
            let message = format!("no Gateway of this VirtualService serves host `{}`", host.as_str());
            diagnostics.report(&UNSERVED_HOST, host.span, message).help(format!(
                "add `{0}` to a server of a Gateway, or remove it from the VirtualService",
                host.as_str()
            ));
        }
    }
}

/// Whether some server of the Gateway admits the VirtualService's namespace and has a host in common with it.
fn serves(gateway: &Gateway<'_>, host: &Spanned<String>, virtual_service: &VirtualService<'_>) -> bool {
    gateway.servers.iter().any(|server| server.serves(host, &virtual_service.name.namespace))
}

/// Points to the hosts that the Gateway serves instead, or to the namespace for which it serves them.
fn explain(virtual_service: &VirtualService<'_>, gateway: &Gateway<'_>, hosts: &[&str], diagnostic: &mut Diagnostic) {
    let namespace = virtual_service.name.namespace.as_ref();
    let of_gateway: Vec<_> = gateway.servers.iter().flat_map(|server| &server.hosts).collect();
    let is_closed = |it: &&&ServerHost| !it.admits(namespace) && hosts.iter().any(|host| host::overlap(&it.host, host));
    if let Some(closed) = of_gateway.iter().find(is_closed) {
        let admitted = closed.namespace.as_deref().unwrap_or("*");
        diagnostic
            .related(closed.span, format!("only VirtualServices in namespace `{admitted}` can use this host"))
            .help(format!("write `{namespace}/{}` or `*/{}` in the Gateway", closed.host, closed.host));
        return;
    }
    if let Some(served) = of_gateway.first() {
        let noun = if of_gateway.len() == 1 { "host" } else { "hosts" };
        diagnostic.related(served.span, format!("the {noun} that Gateway `{}` serves", gateway.name));
    }
    let addition = match hosts {
        [host] => format!("add `{host}`"),
        _ => "add one of these hosts".to_owned(),
    };
    diagnostic.help(format!("{addition} to a server of the Gateway, or bind the VirtualService to another Gateway"));
}
