//! Services of one host between which only names decide, or chance. Resources from files have no age, but those in a
//! cluster do.

use super::proxy::{Proxy, Role};
use crate::world::Service;

/// Notes on the services that the proxy does not use for a host, although they are as old as the one that it uses.
pub fn notes(proxy: &Proxy<'_>, hostname: &str) -> Vec<String> {
    let Some(service) = proxy.service(hostname) else { return Vec::new() };
    let others = proxy.world.services.named(hostname);
    let is_rival = |it: &&Service<'_>| {
        !std::ptr::eq(it.resource, service.resource)
            && !it.is_kubernetes()
            && !service.is_kubernetes()
            && it.age() == service.age()
    };
    others.filter(is_rival).filter_map(|other| note(proxy, service, other)).collect()
}

/// The note on two resources of which only age decides: what they have in common, and which one istiod uses if both are
/// equally old.
pub fn older_wins(conflict: &str, of_equals: &str) -> String {
    format!("{conflict}: istiod uses the older one, or {of_equals} if both are equally old")
}

fn note(proxy: &Proxy<'_>, service: &Service<'_>, other: &Service<'_>) -> Option<String> {
    let defines = format!("{other} defines the host as well");
    if other.namespace == service.namespace {
        // istiod does not order ServiceEntries of one host and namespace by their own names.
        return differ(service, other).then(|| older_wins(&defines, "either of them"));
    }
    let by_order = || older_wins(&defines, "the first by namespace");
    match &proxy.role {
        Role::Sidecar(scope) => {
            let is_outranked = scope.egress.iter().any(|it| it.outranked.iter().any(|it| std::ptr::eq(*it, other)));
            (is_outranked && service.namespace != proxy.namespace).then(by_order)
        }
        // The scope of a gateway depends on what istiod served before (istiod: `getSidecarScope`).
        Role::Gateway if other.namespace == proxy.namespace && other.export_to.includes(&proxy.namespace) => Some(
            format!("{defines}: the gateway uses it once a sidecar of namespace `{}` has started", other.namespace),
        ),
        Role::Gateway => other.export_to.includes(&proxy.namespace).then(by_order),
    }
}

/// Whether it matters which of two ServiceEntries of one host and namespace comes first.
fn differ(a: &Service<'_>, b: &Service<'_>) -> bool {
    let numbers = |it: &Service<'_>| it.ports.iter().map(|port| port.number).collect::<Vec<_>>();
    let mut shared = a.ports.iter().filter_map(|port| Some((port, b.port(port.number)?)));
    a.discovery != b.discovery
        || (!a.merges_with(b) && numbers(a) != numbers(b))
        || shared.any(|(a, b)| a.protocol != b.protocol || a.name != b.name)
}
