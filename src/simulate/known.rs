//! Whether a mesh knows what a request names.

use super::naming;
use super::request::{GatewayRef, Request, WorkloadRef};
use crate::world::{World, host};

/// Whether the mesh has the server of a request, its Gateway, or a service or route for its host.
pub(super) fn knows(world: &World<'_>, request: &Request) -> bool {
    if let Some(server) = &request.to {
        let is_named = server.name.is_some() || request.is_informal;
        return if is_named { naming::resolve(world, request).is_ok() } else { has_workload(world, server) };
    }
    if let Some(gateway) = &request.gateway {
        return match gateway {
            GatewayRef::Workload(workload) => has_workload(world, workload),
            GatewayRef::Name(name) => naming::finds_gateway(world, name),
        };
    }
    let named = request.host.as_deref().or(request.sni.as_deref()).unwrap_or_default();
    let name = named.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(named, |(name, _)| name);
    if name.is_empty() {
        return true;
    }
    let name = name.to_ascii_lowercase();
    let is_meant = |known: &str| host::covered_by(&name, known) || is_short_for(&name, known);
    let routes = world.virtual_services.iter().chain(&world.derived.virtual_services);
    routes.flat_map(|it| &it.hosts).any(|known| is_meant(&known.value))
        || world.services.iter().any(|service| is_meant(&service.hostname))
}

/// Whether a host is the name of a service without its domain.
fn is_short_for(name: &str, full: &str) -> bool {
    full.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

fn has_workload(world: &World<'_>, wanted: &WorkloadRef) -> bool {
    world.workloads.iter().any(|workload| {
        wanted.namespace.as_ref().is_none_or(|namespace| *workload.name.namespace == **namespace)
            && wanted.labels.iter().all(|(key, value)| workload.labels.get(key.as_str()) == Some(&value.as_str()))
    })
}
