//! Hosts that are treated as services because the manifests define no Service at all.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{Inventory, VirtualService, host};

/// The Kubernetes hosts that VirtualServices name, in manifests without any Service. Such manifests do not describe the
/// services of the cluster, so each of these hosts is assumed to be a service that listens on every requested port.
#[derive(Debug, Default)]
pub struct Assumed {
    addresses: BTreeMap<String, IpAddr>,
}

/// The first assumed address. Addresses of `0.0.0.0/8` belong to no host, and the addresses of other services are
/// below.
const FIRST_ADDRESS: u32 = 0x0080_0000;

impl Assumed {
    pub(super) fn new<'v, 'a: 'v>(
        inventory: &Inventory,
        virtual_services: impl Iterator<Item = &'v VirtualService<'a>>,
        domain: &str,
    ) -> Self {
        let mut assumed = Self::default();
        if inventory.knows_services() {
            return assumed;
        }
        for host in virtual_services.flat_map(|it| &it.hosts) {
            let next = FIRST_ADDRESS + assumed.addresses.len() as u32;
            if host::kubernetes_service(host, domain).is_some() {
                assumed.addresses.entry(host.value.clone()).or_insert(IpAddr::V4(Ipv4Addr::from_bits(next)));
            }
        }
        assumed
    }

    /// The host, as stored here, and the made-up address of an assumed service.
    pub fn get(&self, host: &str) -> Option<(&str, IpAddr)> {
        self.addresses.get_key_value(host).map(|(host, address)| (host.as_str(), *address))
    }
}
