//! Services that have to be there, though the manifests hold none at all.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{Inventory, VirtualService, host};

/// The hosts of Kubernetes that VirtualServices route for, if the manifests hold no Service of any namespace: then they
/// do not describe what is there, and such a host is taken to be a service with every port that is asked for.
#[derive(Debug, Default)]
pub struct Assumed {
    addresses: BTreeMap<String, IpAddr>,
}

/// What the addresses are made up from: no host can have them, and no other service has.
const FIRST_ADDRESS: u32 = 0x0080_0000;

impl Assumed {
    pub(super) fn new<'v, 'a: 'v>(
        inventory: &Inventory,
        services: impl Iterator<Item = &'v VirtualService<'a>>,
        domain: &str,
    ) -> Self {
        let mut assumed = Self::default();
        if inventory.knows_services() {
            return assumed;
        }
        for host in services.flat_map(|service| &service.hosts) {
            let next = FIRST_ADDRESS + assumed.addresses.len() as u32;
            if host::kubernetes_service(host, domain).is_some() {
                assumed.addresses.entry(host.value.clone()).or_insert(IpAddr::V4(Ipv4Addr::from_bits(next)));
            }
        }
        assumed
    }

    /// The address that stands for the one of such a host, with the host as it is kept here.
    pub fn get(&self, host: &str) -> Option<(&str, IpAddr)> {
        self.addresses.get_key_value(host).map(|(host, address)| (host.as_str(), *address))
    }
}
