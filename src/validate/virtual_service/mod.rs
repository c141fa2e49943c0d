//! VirtualService (istio: `ValidateVirtualService`).

mod fault;
mod header_value;
mod headers;
mod http;
mod http_actions;
mod http_match;
mod l4;
mod reach;
mod retry;
mod string_match;

use super::common::{export_to, gateway_names};
use super::syntax::{is_gateway_domain, is_ip_address, is_wildcard_domain};
use super::violation::{Family, Found};
use crate::model::networking::VirtualService;
use crate::world::host;

/// What the whole VirtualService says that its routes are judged by.
#[derive(Debug, Clone, Copy)]
struct Scope<'a> {
    spec: &'a VirtualService,
    /// Whether it applies to Gateways only.
    gateways_only: bool,
    /// Whether another VirtualService delegates to it: it has no hosts of its own.
    is_delegate: bool,
    /// Whether it is one that istiod makes of a route of the Gateway API, whose references may have any form.
    is_generated: bool,
}

pub(super) fn check(spec: &VirtualService, found: &mut Found<'_>) {
    let semantics = found.resource.metadata.annotations.get("internal.istio.io/route-semantics");
    let scope = Scope {
        spec,
        gateways_only: !spec.gateways.is_empty() && !names_mesh(spec),
        is_delegate: spec.hosts.is_empty(),
        is_generated: semantics.is_some_and(|semantics| semantics.as_str() == "gateway"),
    };
    if scope.is_delegate {
        check_delegate(spec, found);
    }
    let takes = gateway_names::Takes { warns: true, any_name: scope.is_generated };
    gateway_names::check(&spec.gateways, takes, found);
    check_hosts(scope, found);
    if spec.http.is_empty() && spec.tcp.is_empty() && spec.tls.is_empty() {
        found
            .error("VS-8", Family::MissingField, spec.span, "this VirtualService has no routes")
            .help("add http, tls or tcp");
    }
    for route in &spec.http {
        http::check(route, scope, found);
    }
    l4::check(scope, found);
    export_to::check(&spec.export_to, export_to::Takes::Usual, found);
    reach::check(spec, found);
}

fn names_mesh(spec: &VirtualService) -> bool {
    spec.gateways.iter().any(|name| name.as_str() == "mesh")
}

/// A VirtualService without hosts is one that others delegate HTTP requests to.
fn check_delegate(spec: &VirtualService, found: &mut Found<'_>) {
    const HELP: &str = "name hosts, unless other VirtualServices delegate to this one";
    let mut refuse = |id, span, what: &str| {
        let message = format!("a VirtualService without hosts takes no {what}");
        found.error(id, Family::ConflictingFields, span, message).help(HELP);
    };
    if let Some(first) = spec.gateways.first() {
        refuse("VS-1", first.span, "gateways");
    }
    if let Some(first) = spec.tls.first() {
        refuse("VS-2", first.span, "tls routes");
    }
    if let Some(first) = spec.tcp.first() {
        refuse("VS-3", first.span, "tcp routes");
    }
}

fn check_hosts(scope: Scope<'_>, found: &mut Found<'_>) {
    let spec = scope.spec;
    let takes_server_names = spec.tls.iter().any(|route| route.r#match.iter().any(|entry| !entry.sni_hosts.is_empty()));
    let mut all_valid = true;
    for entry in &spec.hosts {
        let is_domain = match scope.gateways_only {
            true => is_gateway_domain(entry, takes_server_names),
            false => is_wildcard_domain(entry),
        };
        if !is_domain && !is_ip_address(entry) {
            all_valid = false;
            let message = format!("{:?} is no host", entry.value);
            found
                .error("VS-5", Family::InvalidHost, entry.span, message)
                .help("write a host name or an address; a wildcard is the first part, as in *.example.com");
        }
        if entry.as_str() == "*" && !scope.gateways_only {
            all_valid = false;
            found
                .error("VS-6", Family::InvalidHost, entry.span, "* is no host for the whole mesh")
                .help("name the hosts, or bind it to Gateways only");
        }
    }
    if !all_valid {
        return;
    }
    for (index, entry) in spec.hosts.iter().enumerate() {
        let Some(first) = spec.hosts[..index].iter().find(|first| host::overlap(first, entry)) else { continue };
        let message = match first == entry {
            true => format!("{} is listed twice", entry.value),
            false => format!("{} and {} have hosts in common", first.value, entry.value),
        };
        found
            .error("VS-7", Family::DuplicateEntry, entry.span, message)
            .help("keep the wider one, or put them into two VirtualServices")
            .related(first.span, "the other one");
    }
}
