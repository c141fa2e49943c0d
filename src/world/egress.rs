//! The `hosts` of a Sidecar's egress listeners: the services and VirtualServices that a sidecar imports.

use super::{Origin, Service, VirtualService, host};
use crate::source::Spanned;

/// The `hosts` of an egress listener.
#[derive(Debug)]
pub struct EgressHosts<'l> {
    included: Vec<EgressHost<'l>>,
    excluded: Vec<EgressHost<'l>>,
}

/// An entry of `hosts`, in the form `namespace/dnsName`.
#[derive(Debug, Clone, Copy)]
pub struct EgressHost<'l> {
    /// The namespace; `None` for all namespaces.
    pub namespace: Option<&'l str>,
    /// The DNS name; may be a wildcard.
    pub host: &'l str,
    /// The entry as written; `None` for the implicit `*/*` of workloads without a Sidecar resource.
    pub written: Option<&'l Spanned<String>>,
}

impl EgressHost<'_> {
    fn is_in(&self, namespace: &str) -> bool {
        self.namespace.is_none_or(|own| own == namespace)
    }

    /// Whether it includes a service.
    pub fn names(&self, service: &Service<'_>) -> bool {
        self.is_in(&service.namespace) && host::covered_by(&service.hostname, self.host)
    }

    /// Whether it includes a host of a VirtualService. A wildcard host matches if it overlaps with the entry; that of a
    /// Gateway API route must be covered by the entry.
    fn names_route(&self, virtual_service: &VirtualService<'_>, own: &str) -> bool {
        let fits = match virtual_service.origin {
            Origin::VirtualService | Origin::Ingress => host::overlap(own, self.host),
            Origin::GatewayApi => host::covered_by(own, self.host),
        };
        fits && self.is_in(&virtual_service.name.namespace)
    }

    /// Whether it includes a VirtualService. One matching host is enough.
    pub fn names_routes(&self, virtual_service: &VirtualService<'_>) -> bool {
        virtual_service.hosts.iter().any(|own| self.names_route(virtual_service, &own.value))
    }
}

impl<'l> EgressHosts<'l> {
    /// The hosts of a workload without a Sidecar resource: all of them.
    pub fn all() -> Self {
        let all = EgressHost { namespace: None, host: "*", written: None };
        Self { included: vec![all], excluded: Vec::new() }
    }

    /// Parses a list for a workload in namespace `own`, which `.` refers to. Entries in another form have no effect.
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

    /// The entries that do not exclude hosts, in the order of the file.
    pub fn included(&self) -> &[EgressHost<'l>] {
        &self.included
    }

    /// Whether the list imports a service.
    pub fn import(&self, service: &Service<'_>) -> bool {
        self.included.iter().any(|it| it.names(service)) && !self.excluded.iter().any(|it| it.names(service))
    }

    /// Whether the list imports a VirtualService. One host that is included and not excluded is enough (istiod:
    /// `SelectVirtualServices`).
    pub fn import_routes(&self, virtual_service: &VirtualService<'_>) -> bool {
        let namespace = &virtual_service.name.namespace;
        let is_excluded = |own: &str| {
            let mut excluded = self.excluded.iter().filter(|it| it.is_in(namespace));
            excluded.any(|it| host::covered_by(own, it.host))
        };
        let is_included = |own: &str| self.included.iter().any(|it| it.names_route(virtual_service, own));
        virtual_service.hosts.iter().any(|own| is_included(&own.value) && !is_excluded(&own.value))
    }

    /// Whether the sidecar knows an imported service under the name of an ExternalName Service that leads to it. The
    /// entries for the namespace of the service decide, if one of them imports it; the namespace of the alias does not
    /// matter (istiod: `matchingAliasService`).
    pub fn import_alias(&self, service: &Service<'_>, alias: &str) -> bool {
        let of_namespace = |it: &&EgressHost<'_>| it.namespace == Some(service.namespace.as_str());
        let of_all = |it: &&EgressHost<'_>| it.namespace.is_none();
        let names = |host: &str, fits: &dyn Fn(&&EgressHost<'_>) -> bool| {
            self.included.iter().filter(fits).any(|it| host::covered_by(host, it.host))
        };
        if names(&service.hostname, &of_namespace) { names(alias, &of_namespace) } else { names(alias, &of_all) }
    }

    /// Whether each entry names one host of one namespace. Then istiod looks each up, instead of filtering all services
    /// (istiod: `servicesForExactHosts`).
    pub fn are_exact(&self) -> bool {
        self.included.iter().all(|it| it.namespace.is_some() && host::wildcard_suffix(it.host).is_none())
    }
}
