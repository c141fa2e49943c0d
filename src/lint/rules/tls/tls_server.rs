//! Ports behind which a server expects TLS.

use crate::model::kubernetes::TargetPort;
use crate::world::{Protocol, ProtocolClass, Service, ServicePort, World};

/// The reason to expect that the server behind a port speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsServer {
    /// The port declares HTTPS or TLS.
    Declared,
    /// The number of the port is 443, and the port declares no protocol.
    Port443,
}

/// The reason to expect that the server behind a port speaks TLS; `None` without one, or if the target port speaks
/// against it. People name ports after TLS whose servers speak plaintext, so the declaration of a Service is not enough.
pub(super) fn tls_server(world: &World<'_>, service: &Service<'_>, port: &ServicePort) -> Option<TlsServer> {
    let reason = match port.protocol {
        protocol if protocol.class() == ProtocolClass::Tls => TlsServer::Declared,
        Protocol::Auto if port.number == 443 && service.is_kubernetes() => TlsServer::Port443,
        _ => return None,
    };
    let targets = targets(world, service, port);
    let of_name = match &port.target {
        Some(TargetPort::Name(name)) => Some(class_of_name(name)),
        _ => None,
    };
    let speaks_plaintext = of_name == Some(ProtocolClass::Http)
        || targets.iter().any(|target| PLAIN.contains(target))
        || is_plain_in_container(world, service, port);
    let looks_like_tls = match of_name {
        Some(class) => class == ProtocolClass::Tls,
        None => !targets.is_empty() && targets.iter().all(|target| ends_like_443(*target)),
    };
    let is_likely = !speaks_plaintext && (reason == TlsServer::Declared || looks_like_tls);
    is_likely.then_some(reason)
}

/// The ports that servers usually open for plaintext HTTP.
const PLAIN: [u32; 4] = [80, 3000, 8000, 8080];

/// The numbers of the target port: at the endpoints of a ServiceEntry, else at the workloads.
fn targets(world: &World<'_>, service: &Service<'_>, port: &ServicePort) -> Vec<u32> {
    let of_endpoints: Vec<u32> = service.endpoints.iter().filter_map(|it| port.target_at(Some(it), None)).collect();
    if !of_endpoints.is_empty() {
        return of_endpoints;
    }
    let workloads = world.workloads_of_service(service).unwrap_or_default();
    let of_workloads: Vec<u32> = workloads.iter().filter_map(|workload| workload.port_behind(port)).collect();
    if of_workloads.is_empty() { port.target_at(None, None).into_iter().collect() } else { of_workloads }
}

/// Whether the container that opens the target port declares plaintext HTTP by the name of the port.
fn is_plain_in_container(world: &World<'_>, service: &Service<'_>, port: &ServicePort) -> bool {
    let workloads = world.workloads_of_service(service).unwrap_or_default();
    workloads.iter().any(|workload| {
        let number = workload.port_behind(port);
        let containers = workload.pod.into_iter().flat_map(|pod| &pod.containers);
        containers.flat_map(|container| &container.ports).any(|own| {
            own.container_port.map(|it| it.value) == number
                && own.name.as_ref().is_some_and(|name| class_of_name(name) == ProtocolClass::Http)
        })
    })
}

/// The class of the protocol that the name of a container port declares.
fn class_of_name(name: &str) -> ProtocolClass {
    Protocol::parse(name.split('-').next().unwrap_or_default()).class()
}

/// Whether a number is one of those that servers open for TLS, such as 443, 8443 or 10443.
fn ends_like_443(number: u32) -> bool {
    number % 1000 == 443
}
