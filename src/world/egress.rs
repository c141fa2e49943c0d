//! The `hosts` of a Sidecar's egress listeners: what a sidecar is told about.

use super::{Origin, Service, VirtualService, host};
use crate::source::Spanned;

/// The `hosts` of an egress listener.
#[derive(Debug)]
pub struct EgressHosts<'l> {
    included: Vec<EgressHost<'l>>,
    excluded: Vec<EgressHost<'l>>,
}

/// An entry of `hosts`: `namespace/dnsName`.
#[derive(Debug, Clone, Copy)]
pub struct EgressHost<'l> {
    /// The namespace; `None` stands for any.
    pub namespace: Option<&'l str>,
    /// The host name, which may be a wildcard.
    pub host: &'l str,
    /// How it is written; `None` of what stands for everything without a Sidecar.
    pub written: Option<&'l Spanned<String>>,
}

impl EgressHost<'_> {
    fn is_in(&self, namespace: &str) -> bool {
        self.namespace.is_none_or(|own| own == namespace)
    }

    /// Whether it stands for a service.
    pub fn names(&self, service: &Service<'_>) -> bool {
        self.is_in(&service.namespace) && host::covered_by(&service.hostname, self.host)
    }

    /// Whether it stands for a VirtualService. One host is enough for all of the VirtualService to be known. A wildcard
    /// host counts if it has some name in common with the entry; that of a route of the Gateway API has to be covered.
    pub fn names_routes(&self, service: &VirtualService<'_>) -> bool {
        let fits = |own: &str| match service.origin {
            Origin::VirtualService | Origin::Ingress => host::overlap(own, self.host),
            Origin::GatewayApi => host::covered_by(own, self.host),
        };
        self.is_in(&service.name.namespace) && service.hosts.iter().any(|own| fits(&own.value))
    }
}

impl<'l> EgressHosts<'l> {
    /// What a workload without a Sidecar is told about.
    pub fn all() -> Self {
        let all = EgressHost { namespace: None, host: "*", written: None };
        Self { included: vec![all], excluded: Vec::new() }
    }

    /// Reads a list for a workload in the namespace `own`, which `.` stands for. Entries of another form count for
    /// nothing.
    pub fn new(written: &'l [Spanned<String>], own: &'l str) -> Self {
        let mut hosts = Self { included: Vec::new(), excluded: Vec::new() };
        for written in written {
            let (is_excluded, entry) = match written.strip_prefix('~') {
                Some(rest) => (true, rest),
                None => (false, written.as_str()),
            };
            let Some((namespace, host)) = entry.split_once('/') else { continue };
            let namespace = match namespace {
                "*" => None,
                "." => Some(own),
                "" if is_excluded => None,
                "" => continue,
                other => Some(other),
            };
            let list = if is_excluded { &mut hosts.excluded } else { &mut hosts.included };
            list.push(EgressHost { namespace, host, written: Some(written) });
        }
        hosts
    }

    /// The entries that do not exclude anything, in the order of the text.
    pub fn included(&self) -> &[EgressHost<'l>] {
        &self.included
    }

    /// Whether a service is among them.
    pub fn import(&self, service: &Service<'_>) -> bool {
        self.included.iter().any(|it| it.names(service)) && !self.excluded.iter().any(|it| it.names(service))
    }

    /// Whether a VirtualService is among them.
    pub fn import_routes(&self, service: &VirtualService<'_>) -> bool {
        self.included.iter().any(|it| it.names_routes(service))
    }
}
