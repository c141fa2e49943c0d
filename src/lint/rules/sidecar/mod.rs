//! Sidecar resources: the hosts and ports that they import and serve.

mod implicit_registry_only;
mod sidecar_hides_route;
mod sidecar_hides_service;
mod sidecar_ingress_port;
mod sidecar_unknown_host;
mod sidecar_unserved_port;

use crate::lint::Family;
use crate::source::Span;
use crate::world::{EgressHosts, Sidecar};

pub static FAMILY: Family = Family {
    name: "sidecar",
    about: "Hosts and ports of Sidecars",
    rules: &[
        &sidecar_unknown_host::RULE,
        &sidecar_unserved_port::RULE,
        &sidecar_hides_route::RULE,
        &sidecar_hides_service::RULE,
        &sidecar_ingress_port::RULE,
        &implicit_registry_only::RULE,
    ],
};

/// The place where a host can be added to a Sidecar: the hosts of the last listener, which usually is the one without a
/// port.
fn place_of_hosts(sidecar: &Sidecar<'_>) -> Span {
    let listener = sidecar.spec.egress.last();
    let hosts = listener.and_then(|it| Some(it.hosts.first()?.span.to(it.hosts.last()?.span)));
    hosts.or(listener.map(|it| it.span)).unwrap_or(sidecar.spec.span)
}

/// Whether a test holds for the hosts of some egress listener, for clients of a namespace. Without listeners a Sidecar
/// imports everything.
fn imports(sidecar: &Sidecar<'_>, client_namespace: &str, test: impl Fn(&EgressHosts<'_>) -> bool) -> bool {
    let listeners = &sidecar.spec.egress;
    listeners.is_empty() || listeners.iter().any(|it| test(&EgressHosts::new(&it.hosts, client_namespace)))
}
