//! The TLS that proxies originate to workloads (istiod: `buildUpstreamTLSSettings`, `checkMtlsEnabled`).

use super::destination::{Cluster, Naming};
use super::upstream::Upstream;
use crate::model::LabelSet;
use crate::model::networking::ClientTlsMode;
use crate::world::{DataPlane, MtlsMode, Service, Workload, World};

/// The TLS that the proxy of a client originates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// None.
    Plaintext,
    /// TLS without a client certificate (`SIMPLE`).
    Tls,
    /// TLS with a client certificate that the DestinationRule names (`MUTUAL`).
    OwnCertificate,
    /// Mutual TLS with certificates of the mesh, also inside the tunnels of the ambient mesh.
    MeshTls,
}

impl Transport {
    /// The TLS to a port of a workload: the mode of the DestinationRule, else mutual TLS of the mesh if the workload accepts
    /// it (auto mTLS). `port` is the number of the workload's port.
    pub fn to<'a>(
        world: &World<'a>,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        workload: &Workload<'a>,
        port: u32,
        is_gateway: bool,
    ) -> Self {
        // Gateways that route by the server name pass the client's TLS through.
        if cluster.naming == Naming::ServerName {
            return Self::Plaintext;
        }
        match cluster.upstream.tls_mode() {
            Some(ClientTlsMode::IstioMutual) => return Self::MeshTls,
            Some(ClientTlsMode::Simple) => return Self::Tls,
            Some(ClientTlsMode::Mutual) => return Self::OwnCertificate,
            // Tunnels of the ambient mesh carry plaintext too.
            _ if is_tunnelled(world, workload) => return Self::MeshTls,
            Some(_) => return Self::Plaintext,
            None => {}
        }
        if !world.settings.auto_mtls || service.is_mesh_external() {
            return Self::Plaintext;
        }
        let is_dialled = cluster.is_dialled || cluster.upstream.is_passthrough();
        let accepts = match is_dialled && !is_gateway {
            true => takes_mesh_tls_at_any_address(world, service),
            // istiod decides for a whole cluster by the policies of the service's namespace.
            false => {
                let is_off =
                    || world.policies.mtls(&service.namespace, &LabelSet::new(), port).mode == MtlsMode::Disable;
                let may_decide = !is_dialled || takes_mesh_tls_at_any_address(world, service);
                may_decide && accepts_mesh_tls(world, workload, port) && !is_off()
            }
        };
        if accepts { Self::MeshTls } else { Self::Plaintext }
    }
}

/// Whether a port of a workload accepts mutual TLS of the mesh, as far as istiod tells clients (istiod: `mtlsChecker`).
pub(super) fn accepts_mesh_tls(world: &World<'_>, workload: &Workload<'_>, port: u32) -> bool {
    let mode = || world.policies.mtls(&workload.name.namespace, &workload.labels, port).mode;
    world.takes_mesh_tls(workload) && mode() != MtlsMode::Disable
}

/// Whether proxies tunnel connections to a workload, because its ztunnel accepts HBONE (istiod: `supportTunnel`).
fn is_tunnelled(world: &World<'_>, workload: &Workload<'_>) -> bool {
    workload.pod.is_some()
        && !world.takes_mesh_tls(workload)
        && !world.is_gateway_workload(workload)
        && world.presumed_data_plane(workload) == DataPlane::Ambient
}

/// Whether clients send mutual TLS to whatever address of a service they dial.
fn takes_mesh_tls_at_any_address<'a>(world: &World<'a>, service: &'a Service<'a>) -> bool {
    let mut workloads = world.workloads_of_service(service).unwrap_or_default();
    workloads.retain(|workload| workload.runs);
    Upstream::has_mesh_tls_to_dialled(world, service, &workloads)
}
