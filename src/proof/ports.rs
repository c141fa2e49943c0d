//! Ports that stand for all ports.

use std::collections::BTreeSet;

use crate::world::World;

/// The ports that meshes mention, and one that they do not.
#[derive(Debug)]
pub struct Ports {
    mentioned: BTreeSet<u32>,
    other: Option<u32>,
}

impl Ports {
    /// The ports that meshes mention. What is not a port is left out.
    pub fn new(mentioned: impl IntoIterator<Item = u32>) -> Self {
        let is_port = |port: &u32| (1..=u32::from(u16::MAX)).contains(port);
        let mentioned: BTreeSet<u32> = mentioned.into_iter().filter(is_port).collect();
        let other = (1..=u32::from(u16::MAX)).rev().find(|port| !mentioned.contains(port));
        Self { mentioned, other }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = u32> {
        self.mentioned.iter().copied().chain(self.other)
    }

    /// The number of a port that is mentioned; `None` for the one that stands for all others.
    pub fn mentioned(&self, port: u32) -> Option<u32> {
        Some(port).filter(|port| self.mentioned.contains(port))
    }
}

/// The ports at which sidecars may tell connections apart: those of the services before the workload, those of its
/// containers and of Sidecar resources, and another one.
pub fn of_workload(worlds: &[&World<'_>], name: &str) -> Ports {
    let mut ports = BTreeSet::new();
    for world in worlds {
        for workload in world.workloads.iter().filter(|it| it.name.to_string() == name) {
            for service in world.services.before(workload) {
                ports.extend(service.ports.iter().filter_map(|port| workload.port_behind(port)));
            }
            if let Some(sidecar) = world.sidecar_of(&workload.name.namespace, &workload.labels) {
                let listeners = sidecar.spec.ingress.iter();
                ports.extend(listeners.filter_map(|it| it.port.as_ref()?.number).map(|number| number.value));
            }
        }
        let with_ports = world.policies.peer_authentications().iter().flat_map(|it| it.spec.port_level_mtls.iter());
        ports.extend(with_ports.filter_map(|(port, _)| port.parse::<u32>().ok()));
    }
    Ports::new(ports)
}
