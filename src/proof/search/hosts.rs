//! The hosts that a search is about.

use std::collections::BTreeSet;

use crate::proof::hosts::{HostGroup, OUTSIDE, example, groups_with};
use crate::routing::Table;
use crate::simulate::{ExpectedDestination, Request};
use crate::world::{World, host};

/// The hosts that a search is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// All hosts.
    Any,
    /// The hosts for which a proxy has routes.
    Known,
    /// A host, a service by its short name, or all hosts of a wildcard.
    Named(String),
}

impl Hosts {
    /// Whether a domain of a route table stands for such hosts.
    fn has(&self, domain: &str) -> bool {
        match self {
            Self::Any | Self::Known => true,
            Self::Named(wanted) if wanted.starts_with('*') => domain == wanted || host::covered_by(domain, wanted),
            Self::Named(wanted) => named(wanted).is_host(domain),
        }
    }

    /// The domains that a route table may not tell apart from others.
    fn domains(&self, world: &World<'_>) -> BTreeSet<String> {
        match self {
            Self::Any | Self::Known => BTreeSet::new(),
            Self::Named(wanted) if wanted.starts_with('*') => BTreeSet::from([wanted.clone()]),
            Self::Named(wanted) => {
                let services = world.services.iter().map(|service| service.hostname.to_ascii_lowercase());
                let own: BTreeSet<String> = services.filter(|host| named(wanted).is_host(host)).collect();
                if own.is_empty() { BTreeSet::from([wanted.clone()]) } else { own }
            }
        }
    }

    /// The hosts of a table, by their virtual hosts. Each group has only domains of hosts that are meant.
    pub fn groups<'t, 'a>(&self, world: &World<'_>, table: &'t Table<'a>, is_gateway: bool) -> Vec<HostGroup<'t, 'a>> {
        let further = self.domains(world);
        let mut groups = groups_with(&[Some(table)], &further);
        if *self == Self::Any {
            return groups;
        }
        groups.retain(|group| self.is_known(world, group, is_gateway));
        if let Self::Named(_) = self {
            let all: BTreeSet<String> = groups.iter().flat_map(|group| group.domains.iter().cloned()).collect();
            for group in &mut groups {
                group.domains.retain(|domain| self.has(domain));
                let shown = group.domains.iter().filter_map(|domain| example(domain, &all));
                if let Some(host) = shown.min_by_key(|host| (host.parse::<std::net::IpAddr>().is_ok(), host.len())) {
                    group.host = host;
                }
            }
            groups.retain(|group| !group.domains.is_empty());
        }
        groups
    }

    /// Whether a proxy has routes for a group: more than the default for all hosts.
    fn is_known(&self, world: &World<'_>, group: &HostGroup<'_, '_>, is_gateway: bool) -> bool {
        let Some(virtual_host) = group.virtual_hosts.first().copied().flatten() else { return false };
        if is_gateway {
            return !virtual_host.clauses.is_empty();
        }
        let is_service = || {
            let services = world.services.iter();
            let is_meant = |host: &str| group.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host));
            services.into_iter().any(|service| is_meant(&service.hostname))
        };
        virtual_host.domains.iter().any(|domain| domain != "*") || is_service()
    }

    /// Whether a connection whose requests are all treated alike is for such hosts.
    pub fn take(&self, world: &World<'_>, connection: &Request) -> bool {
        let of_address = |address: &str| {
            let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
            let services =
                world.services.iter().filter(|it| it.networks().iter().any(|network| network.contains(&address)));
            services.into_iter().any(|service| self.has(&service.hostname.to_ascii_lowercase()))
        };
        match (self, of_connection(connection)) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Known, Some(_)) => true,
            (Self::Named(_), Some(name)) => self.has(&name.to_ascii_lowercase()) || of_address(name),
        }
    }
}

/// The server name or host of a connection, or the address that the client dials. `None` if no mesh knows them.
pub fn of_connection(connection: &Request) -> Option<&str> {
    let names = [&connection.sni, &connection.host, &connection.address];
    names.into_iter().flatten().map(String::as_str).find(|name| *name != OUTSIDE)
}

fn named(host: &str) -> ExpectedDestination {
    ExpectedDestination { host: host.to_owned(), port: None, subset: None }
}
