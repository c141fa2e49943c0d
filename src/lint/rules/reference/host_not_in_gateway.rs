//! `host-not-in-gateway`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule, Severity};
use crate::source::Spanned;
use crate::world::{Gateway, ServerHost, VirtualService, host};

pub static RULE: Rule = rule! {
    name: "host-not-in-gateway",
    aliases: ["IST0132"],
    severity: Error,
    summary: "a host that no server of the Gateway serves: requests for it are answered with 404",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for service in world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        let mut gateways: Vec<&Gateway<'_>> =
            service.bound_to.iter().filter_map(|bound| world.gateway(bound.gateway.as_ref()?)).collect();
        gateways.retain(|gateway| context.is_definite(gateway.resource, findings));
        for gateway in &gateways {
            if !service.hosts.iter().any(|host| serves(gateway, host, service)) {
                report_gateway(service, gateway, findings);
            }
        }
        let knows_all = service.bound_to.len() == gateways.len();
        if knows_all {
            report_hosts(service, &gateways, findings);
        }
    }
}

/// Whether some server of the Gateway admits the VirtualService's namespace and has a host in common with it.
fn serves(gateway: &Gateway<'_>, host: &Spanned<String>, service: &VirtualService<'_>) -> bool {
    let servers = gateway.spec.servers.iter();
    let mut served = servers.flat_map(|server| gateway.hosts_for(server, &service.name.namespace));
    served.any(|served| host::overlap(served, host))
}

fn report_gateway(service: &VirtualService<'_>, gateway: &Gateway<'_>, findings: &mut Findings) {
    let Some(first) = service.hosts.first() else { return };
    let names: Vec<&str> = service.hosts.iter().map(|host| host.as_str()).collect();
    let diagnostic = findings.report(
        first.span,
        format!("Gateway {} serves none of the hosts {}", gateway.name, names.join(", ")),
    );
    let of_gateway: Vec<_> = gateway.spec.servers.iter().flat_map(|server| gateway.hosts(server)).collect();
    let closed_to_us = |it: &&ServerHost<'_>| !it.admits(&service.name.namespace) && names.iter().any(|name| host::overlap(it.host, name));
    if let Some(closed) = of_gateway.iter().find(closed_to_us) {
        diagnostic
            .related(closed.span, "this host is for VirtualServices of another namespace")
            .help(format!("write {}/{} or */{} there", service.name.namespace, closed.host, closed.host));
        return;
    }
    if let Some(served) = of_gateway.first() {
        diagnostic.related(served.span, "the hosts that it serves");
    }
    diagnostic.help("add the host to a server of the Gateway, or bind the VirtualService to another Gateway");
}

/// Hosts that none of several Gateways serves, while others of the same VirtualService are.
fn report_hosts(service: &VirtualService<'_>, gateways: &[&Gateway<'_>], findings: &mut Findings) {
    if service.binds_mesh() || gateways.iter().any(|gateway| !service.hosts.iter().any(|host| serves(gateway, host, service))) {
        return;
    }
    for host in &service.hosts {
        if !gateways.iter().any(|gateway| serves(gateway, host, service)) {
            findings
                .report(host.span, format!("no Gateway of this VirtualService serves host {}", host.as_str()))
                .severity(Severity::Warning)
                .help("add the host to a server of the Gateway, or remove it here");
        }
    }
}
