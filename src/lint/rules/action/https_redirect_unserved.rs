//! `https-redirect-unserved`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording::list;
use crate::model::{Kind, LabelSet};
use crate::world::{Gap, Gateway, Section, Server, host};

pub static RULE: Rule = rule! {
    name: "https-redirect-unserved",
    summary: "a server redirects a host to HTTPS, and no server of the gateway serves the host over TLS",
    findings: [&UNSERVED],
    check: check,
};

static UNSERVED: Finding = finding! {
    "unserved", Lost, Likely, [],
    "no TLS server of the gateway has a host that another server redirects to HTTPS",
};

/// The Gateways by selector: those with the same selector are for the same workloads.
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
            for server in &gateway.servers {
                check_server(context, gateway, server, gateways, &by_selector, diagnostics);
            }
        }
    }
}

fn check_server(
    context: &Context<'_>,
    gateway: &Gateway<'_>,
    server: &Server<'_>,
    same: &[&Gateway<'_>],
    all: &BySelector<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let is_http = server.section() == Some(Section::Http) && !server.is_tls();
    let Some(redirects) = server.https_redirect().filter(|_| is_http) else { return };
    // Another selector can select the same workload.
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
    let hosts = server.hosts.iter().map(|it| it.host.as_str());
    let unserved: Vec<&str> = hosts.filter(|own| !served.iter().any(|served| host::overlap(own, served))).collect();
    if unserved.is_empty() {
        return;
    }
    if let Some(gap) = context.world.inventory.may_lack(Gap::NotAllOfKind(Kind::Gateway)) {
        diagnostics.unchecked(gap);
        return;
    }
    if !same.iter().all(|gateway| context.is_definite(gateway.resource, diagnostics)) {
        return;
    }
    let message = format!("the server redirects to HTTPS, but no server serves {} over TLS", list(&unserved, "and"));
    let diagnostic = diagnostics.report(&UNSERVED, redirects, message);
    if let Some(first) = server.hosts.iter().find(|it| unserved.contains(&it.host.as_str())) {
        diagnostic.related(first.span, "this host has no TLS server");
    }
    diagnostic.help("add an HTTPS server with every host, or remove `httpsRedirect` if a load balancer terminates TLS");
}

/// The hosts that a Gateway serves over TLS.
fn tls_hosts<'w>(gateway: &'w Gateway<'_>) -> Vec<&'w str> {
    let servers = gateway.servers.iter().filter(|server| server.is_tls());
    servers.flat_map(|server| &server.hosts).map(|it| it.host.as_str()).collect()
}
