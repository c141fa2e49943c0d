//! Rules of `tls` and `tcp`, and what all routes have in common (istio: `validateTLSRoute`, `validateTCPRoute`).

use super::{Scope, names_mesh};
use crate::model::Labels;
use crate::model::networking::RouteDestination;
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::common::{destination, gateway_names, labels, port};
use crate::validate::syntax::{is_gateway_domain, is_ip_address, is_subnet, is_wildcard_domain};
use crate::validate::violation::Found;
use crate::world::host;

pub(super) fn check(scope: Scope<'_>, found: &mut Found<'_>) {
    for route in &scope.spec.tls {
        if route.r#match.is_empty() {
            found
                .error("TL-1", Family::MissingField, route.span, "this tls rule has no matches")
                .help("add match with sniHosts");
        }
        for entry in &route.r#match {
            check_server_names(&entry.sni_hosts, entry.span, scope, found);
            check_match(&entry.destination_subnets, entry.port, &entry.source_labels, found);
            gateway_names::check(&entry.gateways, gateway_names::Takes { warns: true, any_name: false }, found);
        }
        check_route(&route.route, ("TL-6", route.span), scope, found);
    }
    for route in &scope.spec.tcp {
        for entry in &route.r#match {
            check_match(&entry.destination_subnets, entry.port, &entry.source_labels, found);
            gateway_names::check(&entry.gateways, gateway_names::Takes { warns: false, any_name: false }, found);
        }
        check_route(&route.route, ("TC-1", route.span), scope, found);
    }
}

fn check_server_names(names: &[Spanned<String>], entry: Span, scope: Scope<'_>, found: &mut Found<'_>) {
    if names.is_empty() {
        found.error("TL-2", Family::MissingField, entry, "this match names no server").help("add sniHosts");
    }
    for name in names {
        let is_domain = match names_mesh(scope.spec) {
            true => is_wildcard_domain(name),
            false => is_gateway_domain(name, true),
        };
        if !is_domain && is_ip_address(name) {
            found
                .warning("TL-4", Family::InvalidHost, name.span, "clients send no address as server name")
                .help("match by destinationSubnets in tcp");
        } else if !is_domain {
            let message = format!("{:?} is no server name", name.value);
            found
                .error("TL-3", Family::InvalidHost, name.span, message)
                .help("write a host name; a wildcard is the first part, as in *.example.com");
        } else if !scope.spec.hosts.iter().any(|wide| host::covered_by(name, wide)) {
            let message = format!("{} is not among the hosts of this VirtualService", name.value);
            found
                .error("TL-5", Family::ConflictingFields, name.span, message)
                .help("add it to hosts, or write a server name that they cover");
        }
    }
}

fn check_match(subnets: &[Spanned<String>], port: Option<Spanned<u32>>, from: &Labels, found: &mut Found<'_>) {
    for subnet in subnets.iter().filter(|subnet| !is_subnet(subnet)) {
        let message = format!("{:?} is no network", subnet.value);
        found
            .error("L4-1", Family::InvalidAddress, subnet.span, message)
            .help("write an address, or a network such as 10.0.0.0/8");
    }
    check_port(port, "L4-2", found);
    labels::check(from, found);
}

/// Checks the port of a match, by the rule `id`; 0 is none.
pub fn check_port(port: Option<Spanned<u32>>, id: &'static str, found: &mut Found<'_>) {
    if let Some(number) = port.filter(|port| port.value != 0) {
        port::check_number(number, id, found);
    }
}

fn check_route(route: &[RouteDestination], lacking: (&'static str, Span), scope: Scope<'_>, found: &mut Found<'_>) {
    if route.is_empty() {
        let (id, span) = lacking;
        found.error(id, Family::MissingField, span, "this rule has no route").help("add route with a destination");
    }
    for entry in route {
        match &entry.destination {
            Some(target) if !scope.is_generated => destination::check(target, found),
            Some(_) => {}
            None => lacks_destination(entry.span, found),
        }
    }
    check_weights(route.iter().map(|entry| (entry.span, entry.weight)), found);
}

/// Notes that an entry of a route leads nowhere.
pub fn lacks_destination(span: Span, found: &mut Found<'_>) {
    found.error("RO-1", Family::MissingField, span, "this route has no destination").help("add destination.host");
}

/// Checks the weights of the destinations of a rule (istio: `validateWeights`).
pub fn check_weights(shares: impl Iterator<Item = (Span, Option<Spanned<i32>>)>, found: &mut Found<'_>) {
    let shares: Vec<_> = shares.collect();
    for weight in shares.iter().filter_map(|(_, weight)| weight.filter(|weight| weight.value < 0)) {
        found.error("RO-2", Family::Weights, weight.span, "a weight cannot be negative").help("use 0 or more");
    }
    let sum: i64 = shares.iter().filter_map(|(_, weight)| weight.map(|weight| i64::from(weight.value))).sum();
    if let [(first, _), _, ..] = shares[..]
        && sum == 0
    {
        found
            .error("RO-3", Family::Weights, first, "the weights of all destinations are 0")
            .help("give each destination its share");
    }
}
