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

pub use self::string_match::{re2_help, rejection};
use super::fields::{export_to, gateway_names};
use super::syntax::{is_gateway_domain, is_ip_address, is_wildcard_domain};
use super::violation::{Mistake, Violations};
use crate::model::networking::VirtualService;
use crate::validate::quoted;
use crate::world::host;

/// Properties of a VirtualService on which the checks of its routes depend.
#[derive(Debug, Clone, Copy)]
struct RouteScope<'a> {
    virtual_service: &'a VirtualService,
    /// Whether the VirtualService applies to Gateways only.
    gateways_only: bool,
    /// Whether the VirtualService is a delegate of others: it has no hosts.
    is_delegate: bool,
    /// Whether istiod generates the VirtualService from a route of the Gateway API, so that references can have any form.
    is_generated: bool,
}

pub(super) fn check(virtual_service: &VirtualService, violations: &mut Violations<'_>) {
    let semantics = violations.resource.metadata.annotations.get("internal.istio.io/route-semantics");
    let scope = RouteScope {
        virtual_service,
        gateways_only: !virtual_service.gateways.is_empty() && !names_mesh(virtual_service),
        is_delegate: virtual_service.hosts.is_empty(),
        is_generated: semantics.is_some_and(|semantics| semantics.as_str() == "gateway"),
    };
    if scope.is_delegate {
        check_delegate(virtual_service, violations);
    }
    let form = gateway_names::GatewayNameForm { warns_of_host_names: true, any_name: scope.is_generated };
    gateway_names::check(&virtual_service.gateways, form, violations);
    check_hosts(scope, violations);
    if virtual_service.http.is_empty() && virtual_service.tcp.is_empty() && virtual_service.tls.is_empty() {
        violations
            .error("VS-8", Mistake::MissingField, virtual_service.span, "the VirtualService has no routes")
            .help("add `http`, `tls` or `tcp`");
    }
    for route in &virtual_service.http {
        http::check(route, scope, violations);
    }
    l4::check(scope, violations);
    export_to::check(&virtual_service.export_to, export_to::AllowedExports::Namespaces, violations);
    reach::check(virtual_service, violations);
}

fn names_mesh(virtual_service: &VirtualService) -> bool {
    virtual_service.gateways.iter().any(|name| name.as_str() == "mesh")
}

/// Checks a VirtualService without hosts, which is a delegate for HTTP requests.
fn check_delegate(virtual_service: &VirtualService, violations: &mut Violations<'_>) {
    const HELP: &str = "add `hosts`, unless it is a delegate of other VirtualServices";
    let mut reject = |id, span, field: &str| {
        let message = format!("a VirtualService without hosts cannot have `{field}`");
        violations.error(id, Mistake::ConflictingFields, span, message).help(HELP);
    };
    if let Some(first) = virtual_service.gateways.first() {
        reject("VS-1", first.span, "gateways");
    }
    if let Some(first) = virtual_service.tls.first() {
        reject("VS-2", first.span, "tls");
    }
    if let Some(first) = virtual_service.tcp.first() {
        reject("VS-3", first.span, "tcp");
    }
}

fn check_hosts(scope: RouteScope<'_>, violations: &mut Violations<'_>) {
    let virtual_service = scope.virtual_service;
    let allows_server_names = virtual_service
        .tls
        .iter()
        .flat_map(|route| &route.r#match)
        .any(|route_match| !route_match.sni_hosts.is_empty());
    let mut all_valid = true;
    for entry in &virtual_service.hosts {
        let is_domain = match scope.gateways_only {
            true => is_gateway_domain(entry, allows_server_names),
            false => is_wildcard_domain(entry),
        };
        if !is_domain && !is_ip_address(entry) {
            all_valid = false;
            let message = format!("{} is not a valid host", quoted(entry));
            violations
                .error("VS-5", Mistake::InvalidHost, entry.span, message)
                .help("write a host name or an IP address; a wildcard is the first label, as in `*.example.com`");
        }
        if entry.as_str() == "*" && !scope.gateways_only {
            all_valid = false;
            violations
                .error(
                    "VS-6",
                    Mistake::InvalidHost,
                    entry.span,
                    "a VirtualService cannot have the host `*` for the whole mesh",
                )
                .help("write the hosts, or bind the VirtualService to Gateways only");
        }
    }
    if !all_valid {
        return;
    }
    for (index, entry) in virtual_service.hosts.iter().enumerate() {
        let Some(first) = virtual_service.hosts[..index].iter().find(|first| host::overlap(first, entry)) else {
            continue;
        };
        let message = match first == entry {
            true => format!("host {} is listed twice", quoted(entry)),
            false => format!("hosts {} and {} overlap", quoted(first), quoted(entry)),
        };
        violations
            .error("VS-7", Mistake::DuplicateEntry, entry.span, message)
            .help("keep the wider one, or write two VirtualServices")
            .related(first.span, "the other host");
    }
}
