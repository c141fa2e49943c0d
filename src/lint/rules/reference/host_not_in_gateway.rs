//! `host-not-in-gateway`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::source::{Span, Spanned};
use crate::world::{Gateway, ServerHost, VirtualService, host};

pub static RULE: Rule = rule! {
    name: "host-not-in-gateway",
    aliases: ["IST0132"],
    severity: Error,
    summary: "a host that no server of the Gateway serves: requests for it are answered with 404",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in context.world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        check_service(context, service, diagnostics);
    }
}

/// A Gateway that a VirtualService is bound to, and where it says so.
struct Binding<'w, 'a> {
    gateway: &'w Gateway<'a>,
    span: Option<Span>,
}

fn check_service(context: &Context<'_>, service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    let mut bindings = Vec::new();
    for bound in &service.bound_to {
        let gateway = bound.gateway.as_ref().and_then(|name| context.world.gateway(name));
        bindings.extend(gateway.map(|gateway| Binding { gateway, span: bound.span }));
    }
    bindings.retain(|binding| context.is_definite(binding.gateway.resource, diagnostics));
    let hosts: Vec<&Spanned<String>> = service.hosts.iter().filter(|host| !context.is_refused(host.span)).collect();
    let serves_any = |binding: &&Binding<'_, '_>| hosts.iter().any(|host| serves(binding.gateway, host, service));
    let (useful, useless): (Vec<&Binding<'_, '_>>, Vec<_>) = bindings.iter().partition(serves_any);
    let knows_all = bindings.len() == service.bound_to.len();
    match (useful.as_slice(), useless.as_slice()) {
        (_, []) => {}
        ([], [only]) if knows_all => {
            hosts.iter().for_each(|host| report_host(service, only.gateway, host, diagnostics))
        }
        _ => {
            for binding in &useless {
                let names: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
                let Some(place) = binding.span.filter(|_| !names.is_empty()) else { continue };
                let gateway = binding.gateway;
                let diagnostic = diagnostics.report_default(
                    place,
                    format!("Gateway {} serves none of the hosts {}", gateway.name, names.join(", ")),
                );
                explain(service, gateway, &names, diagnostic);
            }
        }
    }
    // A host that is for the mesh need not be served by a Gateway.
    if knows_all && !service.binds_mesh() && !useful.is_empty() {
        for host in hosts.iter().filter(|host| !useful.iter().any(|binding| serves(binding.gateway, host, service))) {
            diagnostics
                .report_default(host.span, format!("no Gateway of this VirtualService serves host {}", host.as_str()))
                .severity(Severity::Warning)
                .help("add the host to a server of the Gateway, or remove it here");
        }
    }
}

/// Whether some server of the Gateway admits the VirtualService's namespace and has a host in common with it.
fn serves(gateway: &Gateway<'_>, host: &Spanned<String>, service: &VirtualService<'_>) -> bool {
    gateway.servers.iter().any(|server| server.serves(host, &service.name.namespace))
}

fn report_host(
    service: &VirtualService<'_>,
    gateway: &Gateway<'_>,
    host: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let diagnostic = diagnostics
        .report_default(host.span, format!("Gateway {} does not serve host {}", gateway.name, host.as_str()));
    explain(service, gateway, &[host.as_str()], diagnostic);
}

/// Says what the Gateway serves instead, or for whom it serves the hosts.
fn explain(service: &VirtualService<'_>, gateway: &Gateway<'_>, hosts: &[&str], diagnostic: &mut Diagnostic) {
    let namespace = service.name.namespace.as_ref();
    let of_gateway: Vec<_> = gateway.servers.iter().flat_map(|server| &server.hosts).collect();
    let is_meant = |it: &&&ServerHost| !it.admits(namespace) && hosts.iter().any(|host| host::overlap(&it.host, host));
    if let Some(closed) = of_gateway.iter().find(is_meant) {
        diagnostic
            .related(closed.span, "this host is for VirtualServices of another namespace")
            .help(format!("write {namespace}/{} or */{} there", closed.host, closed.host));
        return;
    }
    if let Some(served) = of_gateway.first() {
        diagnostic.related(served.span, "the hosts that it serves");
    }
    diagnostic.help("add the host to a server of the Gateway, or bind the VirtualService to another Gateway");
}
