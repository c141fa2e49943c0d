//! The hosts of a Gateway, and the VirtualServices that have routes for each.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::{Gateway, NamespacedName, Section, World, host};

/// A host at a server that terminates TLS, or at the plaintext servers of a port, which share their routes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualHost {
    /// The port; `None` if the Gateway is not known.
    pub port: Option<u32>,
    /// The VirtualServices, in the order of their ages.
    pub members: Vec<Member>,
}

/// A VirtualService with routes for a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its number among all.
    pub index: usize,
    /// The first server of the Gateway that serves the host for it. Its routes come after those of earlier servers.
    pub server: usize,
}

/// The hosts of a Gateway for some VirtualServices. Hosts with the same VirtualServices are one. Nothing is known about a
/// Gateway that is not defined, or defined twice, so on it each VirtualService is alone.
pub fn virtual_hosts(world: &World<'_>, name: &NamespacedName<'_>, indices: &BTreeSet<usize>) -> Vec<VirtualHost> {
    let known = world.gateway(name).filter(|gateway| !world.is_ambiguous(gateway.resource));
    let found: BTreeSet<VirtualHost> = match known {
        Some(gateway) => of_gateway(world, gateway, indices),
        None => {
            let alone = |index: &usize| VirtualHost { port: None, members: vec![Member { index: *index, server: 0 }] };
            indices.iter().map(alone).collect()
        }
    };
    found.into_iter().collect()
}

fn of_gateway(world: &World<'_>, gateway: &Gateway<'_>, indices: &BTreeSet<usize>) -> BTreeSet<VirtualHost> {
    // By port, address and, if it terminates TLS, server.
    type Table = (u32, Option<String>, Option<usize>);
    let mut tables: BTreeMap<Table, BTreeMap<String, Vec<Member>>> = BTreeMap::new();
    for (number, server) in gateway.servers.iter().enumerate() {
        let Some(port) = server.port_number().filter(|_| server.section() == Some(Section::Http)) else { continue };
        let bind = server.bind().map(str::to_owned);
        let table = tables.entry((port, bind, server.is_tls().then_some(number))).or_default();
        for &index in indices {
            let virtual_service = &world.virtual_services[index];
            let of_server = server.hosts_for(&virtual_service.name.namespace);
            let of_virtual_service: Vec<&str> = virtual_service.hosts.iter().map(|host| host.as_str()).collect();
            for host in host::intersection(&of_server, &of_virtual_service) {
                let members = table.entry(host.to_owned()).or_default();
                if !members.iter().any(|member| member.index == index) {
                    members.push(Member { index, server: number });
                }
            }
        }
    }
    let hosts = tables.into_iter().flat_map(|((port, ..), hosts)| hosts.into_values().map(move |it| (port, it)));
    let sorted = |mut members: Vec<Member>| {
        members.sort();
        members
    };
    hosts.map(|(port, members)| VirtualHost { port: Some(port), members: sorted(members) }).collect()
}
