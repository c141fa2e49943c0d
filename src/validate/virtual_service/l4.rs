//! TLS and TCP routes, and the checks that all routes have in common (istio: `validateTLSRoute`, `validateTCPRoute`).

use super::{RouteScope, names_mesh};
use crate::model::Labels;
use crate::model::networking::RouteDestination;
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::fields::{destination, gateway_names, labels, port};
use crate::validate::quoted;
use crate::validate::syntax::{is_gateway_domain, is_ip_address, is_subnet, is_wildcard_domain};
use crate::validate::violation::Violations;
use crate::world::host;

pub(super) fn check(scope: RouteScope<'_>, violations: &mut Violations<'_>) {
    for route in &scope.virtual_service.tls {
        if route.r#match.is_empty() {
            violations
                .error("TL-1", Mistake::MissingField, route.span, "the TLS route has no matches")
                .help("add `match` with `sniHosts`");
        }
        for route_match in &route.r#match {
            check_server_names(&route_match.sni_hosts, route_match.span, scope, violations);
            check_match(&route_match.destination_subnets, route_match.port, &route_match.source_labels, violations);
            gateway_names::check(
                &route_match.gateways,
                gateway_names::GatewayNameForm { warns_of_host_names: true, any_name: false },
                violations,
            );
        }
        check_route(&route.route, ("TL-6", route.span), scope, violations);
    }
    for route in &scope.virtual_service.tcp {
        for route_match in &route.r#match {
            check_match(&route_match.destination_subnets, route_match.port, &route_match.source_labels, violations);
            gateway_names::check(
                &route_match.gateways,
                gateway_names::GatewayNameForm { warns_of_host_names: false, any_name: false },
                violations,
            );
        }
        check_route(&route.route, ("TC-1", route.span), scope, violations);
    }
}

fn check_server_names(
    names: &[Spanned<String>],
    route_match: Span,
    scope: RouteScope<'_>,
    violations: &mut Violations<'_>,
) {
    if names.is_empty() {
        violations
            .error("TL-2", Mistake::MissingField, route_match, "the match has no server names")
            .help("add `sniHosts`");
    }
    for name in names {
        let is_domain = match names_mesh(scope.virtual_service) {
            true => is_wildcard_domain(name),
            false => is_gateway_domain(name, true),
        };
        if !is_domain && is_ip_address(name) {
            violations
                .warning(
                    "TL-4",
                    Mistake::InvalidHost,
                    name.span,
                    "no connection matches an IP address, because clients do not send one as server name",
                )
                .help("use `destinationSubnets` in a TCP route");
        } else if !is_domain {
            let message = format!("{} is not a valid server name", quoted(name));
            violations
                .error("TL-3", Mistake::InvalidHost, name.span, message)
                .help("write a host name; a wildcard is the first label, as in `*.example.com`");
        } else if !scope.virtual_service.hosts.iter().any(|wide| host::covered_by(name, wide)) {
            let message = format!("server name {} does not match the hosts of the VirtualService", quoted(name));
            violations
                .error("TL-5", Mistake::ConflictingFields, name.span, message)
                .help("add it to `hosts`, or write a server name that the hosts match");
        }
    }
}

fn check_match(
    subnets: &[Spanned<String>],
    port: Option<Spanned<u32>>,
    from: &Labels,
    violations: &mut Violations<'_>,
) {
    for subnet in subnets.iter().filter(|subnet| !is_subnet(subnet)) {
        let message = format!("{} is not a valid IP address or CIDR range", quoted(subnet));
        violations
            .error("L4-1", Mistake::InvalidAddress, subnet.span, message)
            .help("write an address, or a range such as `10.0.0.0/8`");
    }
    check_port(port, "L4-2", violations);
    labels::check(from, violations);
}

/// Checks the port of a match, where 0 means any port. `id` is the number of istiod's check.
pub fn check_port(port: Option<Spanned<u32>>, id: &'static str, violations: &mut Violations<'_>) {
    if let Some(number) = port.filter(|port| port.value != 0) {
        port::check_number(number, id, violations);
    }
}

fn check_route(
    route: &[RouteDestination],
    missing: (&'static str, Span),
    scope: RouteScope<'_>,
    violations: &mut Violations<'_>,
) {
    if route.is_empty() {
        let (id, span) = missing;
        violations
            .error(id, Mistake::MissingField, span, "the route has no destinations")
            .help("add `route` with a destination");
    }
    for entry in route {
        match &entry.destination {
            Some(target) if !scope.is_generated => destination::check(target, violations),
            Some(_) => {}
            None => add_missing_destination(entry.span, violations),
        }
    }
    check_weights(route.iter().map(|entry| (entry.span, entry.weight)), violations);
}

/// Adds the violation of a route entry without a destination.
pub fn add_missing_destination(span: Span, violations: &mut Violations<'_>) {
    violations
        .error("RO-1", Mistake::MissingField, span, "the route entry has no destination")
        .help("add `destination.host`");
}

/// Checks the weights of the destinations of a route (istio: `validateWeights`).
pub fn check_weights(weights: impl Iterator<Item = (Span, Option<Spanned<i32>>)>, violations: &mut Violations<'_>) {
    let weights: Vec<_> = weights.collect();
    for weight in weights.iter().filter_map(|(_, weight)| weight.filter(|weight| weight.value < 0)) {
        violations
            .error("RO-2", Mistake::Weights, weight.span, "the weight is negative")
            .help("use 0 or a positive number");
    }
    let sum: i64 = weights.iter().filter_map(|(_, weight)| weight.map(|weight| i64::from(weight.value))).sum();
    if let [(first, _), _, ..] = weights[..]
        && sum == 0
    {
        violations
            .error("RO-3", Mistake::Weights, first, "all destinations have weight 0")
            .help("give at least one destination a positive weight");
    }
}
