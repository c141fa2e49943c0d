//! Hosts that are treated as services although the manifests do not define them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{Inventory, Registry, VirtualService, host};
use crate::model::Kind;

/// The Kubernetes hosts that VirtualServices name, in manifests without any Service. Such manifests do not describe the
/// services of the cluster, so each of these hosts is assumed to be a service that listens on every requested port. In other
/// manifests, only hosts are assumed to be services for which a controller makes a Service, or may make one.
#[derive(Debug, Default)]
pub struct Assumed {
    by_host: BTreeMap<String, AssumedService>,
}

#[derive(Debug)]
struct AssumedService {
    address: IpAddr,
    /// The ports; empty if it may listen on every port.
    ports: Vec<u32>,
}

/// The first assumed address. Addresses of `0.0.0.0/8` belong to no host, and the addresses of other services are
/// below.
const FIRST_ADDRESS: u32 = 0x0080_0000;

impl Assumed {
    pub(super) fn new<'v, 'a: 'v>(
        inventory: &Inventory,
        services: &Registry<'_>,
        virtual_services: impl Iterator<Item = &'v VirtualService<'a>>,
        domain: &str,
    ) -> Self {
        let mut assumed = Self::default();
        for host in virtual_services.flat_map(|it| &it.hosts) {
            let Some((name, namespace)) = host::kubernetes_service(host, domain) else { continue };
            if assumed.by_host.contains_key(&host.value) || services.named(host).next().is_some() {
                continue;
            }
            let made = inventory.makers().service(namespace, name);
            let is_assumed = made.is_some()
                || !inventory.knows_services()
                || inventory.may_exist(Kind::Service, namespace, name).is_some();
            if is_assumed {
                let ports = made.map(|made| made.ports.to_vec()).unwrap_or_default();
                let address = IpAddr::V4(Ipv4Addr::from_bits(FIRST_ADDRESS + assumed.by_host.len() as u32));
                assumed.by_host.insert(host.value.clone(), AssumedService { address, ports });
            }
        }
        assumed
    }

    /// The host, as stored here, and the made-up address of an assumed service.
    pub fn get(&self, host: &str) -> Option<(&str, IpAddr)> {
        self.by_host.get_key_value(host).map(|(host, service)| (host.as_str(), service.address))
    }

    /// The same, if the service may listen on a port.
    pub fn at(&self, host: &str, port: u32) -> Option<(&str, IpAddr)> {
        let is_open = |service: &AssumedService| service.ports.is_empty() || service.ports.contains(&port);
        self.get(host).filter(|_| self.by_host.get(host).is_some_and(is_open))
    }
}
