//! `https-redirect-unserved`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::LabelSet;
use crate::model::networking::Server;
use crate::world::{Gateway, Protocol, ProtocolClass, host};

pub static RULE: Rule = rule! {
    name: "https-redirect-unserved",
    aliases: [],
    severity: Warning,
    summary: "a server that redirects to HTTPS for a host that no server of the same gateway serves by TLS",
    check: check,
};

/// Gateways of one selector are for the same workloads.
type BySelector<'w, 'a> = BTreeMap<Vec<(&'w str, &'w str)>, Vec<&'w Gateway<'a>>>;

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut by_selector = BySelector::new();
    for gateway in &world.gateways {
        let selector: LabelSet<'_> = gateway.spec.selector.to_set();
        by_selector.entry(selector.into_iter().collect()).or_default().push(gateway);
    }
    for gateways in by_selector.values() {
        for gateway in gateways {
            for server in &gateway.spec.servers {
                check_server(context, gateway, server, gateways, &by_selector, diagnostics);
            }
        }
    }
}

fn check_server(
    context: &Context<'_>,
    gateway: &Gateway<'_>,
    server: &Server,
    same: &[&Gateway<'_>],
    all: &BySelector<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let redirects = server.tls.as_ref().and_then(|tls| tls.https_redirect).filter(|redirects| redirects.value);
    let Some(redirects) = redirects.filter(|_| class(server) == ProtocolClass::Http) else { return };
    // Another selector can find the same workload.
    let workload = context.world.workloads_of_gateway(gateway).next();
    let others = all
        .values()
        .flatten()
        .copied()
        .filter(|other| workload.is_some_and(|workload| workload.is_selected_by(&other.spec.selector)));
    let served: Vec<&str> = if workload.is_some() {
        others.flat_map(tls_hosts).collect()
    } else {
        same.iter().copied().flat_map(tls_hosts).collect()
    };
    let hosts = gateway.hosts(server);
    let unserved: Vec<&str> =
        hosts.iter().map(|it| it.host).filter(|own| !served.iter().any(|served| host::overlap(own, served))).collect();
    if unserved.is_empty() {
        return;
    }
    if context.world.inventory.is_partial() {
        diagnostics.unchecked("servers for HTTPS may be in other manifests");
        return;
    }
    let names = unserved.join(", ");
    let diagnostic = diagnostics.report_default(
        redirects.span,
        format!("requests are redirected to HTTPS, which no server serves for {names}"),
    );
    if let Some(first) = hosts.iter().find(|it| unserved.contains(&it.host)) {
        diagnostic.related(first.span, "this host");
    }
    diagnostic.help(
        "add a server for HTTPS with these hosts; where TLS ends before the gateway, this redirect never ends: remove it",
    );
}

/// The hosts that clients of a Gateway reach by TLS.
fn tls_hosts<'w>(gateway: &'w Gateway<'_>) -> Vec<&'w str> {
    let servers = gateway.spec.servers.iter().filter(|server| class(server) == ProtocolClass::Tls);
    servers.flat_map(|server| gateway.hosts(server)).map(|it| it.host).collect()
}

fn class(server: &Server) -> ProtocolClass {
    let protocol = server.port.as_ref().and_then(|port| port.protocol.as_ref());
    Protocol::parse(protocol.map_or("", |protocol| protocol.as_str())).class()
}
