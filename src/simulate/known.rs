//! Whether a mesh knows what a request names.

use super::naming;
use super::request::{GatewayRef, Request, WorkloadRef};
use crate::world::World;

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
    request.named_host().is_none_or(|(name, _)| world.knows_host(&name.to_ascii_lowercase(), |_| true))
}

fn has_workload(world: &World<'_>, wanted: &WorkloadRef) -> bool {
    world.workloads.iter().any(|workload| {
        wanted.namespace.as_ref().is_none_or(|namespace| *workload.name.namespace == **namespace)
            && wanted.labels.iter().all(|(key, value)| workload.labels.get(key.as_str()) == Some(&value.as_str()))
    })
}
