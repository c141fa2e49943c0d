//! The server of a request: what its proxy has, whatever the request is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::patched;
use crate::model::networking::PatchContext;
use crate::policy::{CompiledPolicies, WorkloadPolicies};
use crate::routing::inbound::{InboundPort, Receiver, ports};
use crate::world::{DataPlane, Mtls, ServicePort, Workload, WorkloadMtls, World};

/// A server with its ports and policies.
#[derive(Debug)]
pub(super) struct Server<'a> {
    /// The namespace.
    pub namespace: String,
    /// The address, if it is known.
    pub address: Option<IpAddr>,
    /// The workload among the manifests, if there is one.
    pub workload: Option<&'a Workload<'a>>,
    /// The ports that its sidecar knows, by number.
    pub ports: BTreeMap<u32, InboundPort<'a, 'a>>,
    /// The policies that apply to it.
    pub policies: WorkloadPolicies<'a>,
    /// Its data plane, as far as the manifests show it.
    pub data_plane: DataPlane,
    /// Whether it is a gateway.
    pub is_gateway: bool,
    /// The note on resources that change its proxy in ways that are not simulated.
    pub patched: Option<String>,
    mtls: WorkloadMtls<'a, 'a>,
}

impl<'a> Server<'a> {
    /// A workload of the manifests.
    pub fn of(world: &'a World<'a>, policies: &CompiledPolicies<'a>, workload: &'a Workload<'a>) -> Self {
        let is_gateway = world.is_gateway_workload(workload) && (workload.has_sidecar || workload.has_proxy());
        let data_plane = world.presumed_data_plane(workload);
        Self { is_gateway, ..Self::new(world, policies, &Receiver::of(workload), Some(workload), data_plane) }
    }

    /// A workload by description, which the manifests may not have.
    pub fn described(
        world: &'a World<'a>,
        policies: &CompiledPolicies<'a>,
        receiver: &Receiver<'_, 'a>,
        workload: Option<&'a Workload<'a>>,
    ) -> Self {
        let data_plane = match workload {
            Some(workload) if workload.pod.is_some() => world.presumed_data_plane(workload),
            _ => world.data_plane_of_client(receiver.namespace, &receiver.labels).data_plane,
        };
        Self::new(world, policies, receiver, workload, data_plane)
    }

    fn new(
        world: &'a World<'a>,
        policies: &CompiledPolicies<'a>,
        receiver: &Receiver<'_, 'a>,
        workload: Option<&'a Workload<'a>>,
        data_plane: DataPlane,
    ) -> Self {
        let Receiver { namespace, labels, address, .. } = receiver;
        Self {
            namespace: (*namespace).to_owned(),
            address: *address,
            workload,
            ports: ports(world, receiver),
            policies: policies.of_workload(namespace, labels),
            data_plane,
            is_gateway: false,
            patched: patched::note(world, namespace, labels, PatchContext::SidecarInbound),
            mtls: world.policies.mtls_of(namespace, labels),
        }
    }

    /// The mutual TLS of a port.
    pub fn mtls(&self, port: u32) -> Mtls<'a, 'a> {
        self.mtls.at(port)
    }

    /// The port of the workload to which a port of a service leads.
    pub fn target(&self, port: &ServicePort) -> Option<u32> {
        port.target_at(self.workload.and_then(Workload::entry), self.workload)
    }
}
