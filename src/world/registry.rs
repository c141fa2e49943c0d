//! All services, by host name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};

use super::service::{self, Discovery, Service};
use super::workload::pod_address;
use super::{ExportTo, NamespaceLabels, Settings, Workload, aliases, host};
use crate::model::networking::ServiceEntry;
use crate::model::{LabelSet, Resource, Spec, nearest};

/// The services of the mesh, in creation order and by host name. Of equal age, they are ordered by host or short name,
/// then by namespace (istiod: `SortServicesByCreationTime`).
#[derive(Debug, Default)]
pub struct Registry<'a> {
    services: Vec<Service<'a>>,
    by_hostname: BTreeMap<String, Vec<usize>>,
    by_namespace: BTreeMap<String, Vec<usize>>,
    wildcards: Vec<usize>,
    /// The ExternalName Services, by the host to which they finally lead.
    aliases: BTreeMap<String, Vec<usize>>,
    /// By namespace, and by the first label of the selector.
    by_selector: HashMap<(String, &'a str, &'a str), Vec<usize>>,
}

/// The end of a chain of ExternalName Services.
#[derive(Debug)]
pub enum AliasEnd<'s, 'a> {
    /// A Service with addresses.
    Service(&'s Service<'a>),
    /// A host that is not that of a Service of the manifests.
    Host(&'s str),
    /// The chain has no end.
    Loop,
}

impl<'a> Registry<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let mut registry = Self::default();
        let namespaces = settings.entry_visibility.as_ref().map(|_| NamespaceLabels::new(resources, settings));
        let mut services: Vec<_> =
            resources.iter().flat_map(|resource| service::services(resource, settings)).collect();
        let order = |it: &Service<'a>| (it.age().to_owned(), it.order_name().to_owned(), it.namespace.clone());
        services.sort_by_cached_key(order);
        for mut service in services {
            if let (Some(visibility), Some(namespaces)) = (&settings.entry_visibility, &namespaces) {
                service.narrow(visibility, namespaces);
            }
            let index = registry.services.len();
            service.made_up_address = IpAddr::V4(Ipv4Addr::from_bits(index as u32 + 1));
            if host::wildcard_suffix(&service.hostname).is_some() {
                registry.wildcards.push(index);
            }
            registry.by_hostname.entry(service.hostname.clone()).or_default().push(index);
            registry.by_namespace.entry(service.namespace.clone()).or_default().push(index);
            if let Some((key, value)) = service.selector.and_then(|selector| selector.iter().next()) {
                let first = (service.namespace.clone(), key.as_str(), value.as_str());
                registry.by_selector.entry(first).or_default().push(index);
            }
            registry.services.push(service);
        }
        resources.iter().for_each(|resource| registry.add_endpoints(resource, settings));
        registry.add_pods(resources, settings);
        registry.aliases = aliases::resolve(&registry);
        registry
    }

    /// Adds the addresses of an EndpointSlice to its service.
    fn add_endpoints(&mut self, resource: &Resource, settings: &Settings) {
        const SERVICE_NAME: &str = "kubernetes.io/service-name";
        let Spec::EndpointSlice(slice) = &resource.spec else { return };
        let Some(name) = resource.metadata.labels.get(SERVICE_NAME) else { return };
        let hostname = host::expand(name, settings.namespace_of(resource), &settings.domain);
        let addresses = slice.endpoints.iter().flat_map(|endpoint| &endpoint.addresses);
        let addresses: Vec<IpAddr> = addresses.filter_map(|address| address.parse().ok()).collect();
        for &index in self.by_hostname.get(hostname.as_ref()).into_iter().flatten() {
            let service = &mut self.services[index];
            if service.is_kubernetes() {
                service.pod_addresses.extend(&addresses);
            }
        }
    }

    /// Adds the addresses of pods to headless Services without EndpointSlices.
    fn add_pods(&mut self, resources: &[&Resource], settings: &Settings) {
        let mut pods = Vec::new();
        for resource in resources {
            let labels = || resource.metadata.labels.to_set();
            pods.extend(pod_address(resource).map(|address| (address, settings.namespace_of(resource), labels())));
        }
        for service in
            self.services.iter_mut().filter(|it| it.discovery == Discovery::Headless && it.pod_addresses.is_empty())
        {
            let selects = |labels: &LabelSet<'_>| service.selector.is_some_and(|selector| selector.selects(labels));
            let behind =
                pods.iter().filter(|(_, namespace, labels)| *namespace == service.namespace && selects(labels));
            service.pod_addresses = behind.map(|(address, ..)| *address).collect();
        }
    }

    /// The headless Service among whose pods a full host name is: the name of a pod before that of the Service.
    pub fn of_pod<'s>(&'s self, hostname: &str) -> Option<&'s Service<'a>> {
        let (_, service) = hostname.split_once('.')?;
        self.named(service).find(|service| service.discovery == Discovery::Headless)
    }

    /// All services, in creation order.
    pub fn iter(&self) -> impl Iterator<Item = &Service<'a>> {
        self.services.iter()
    }

    /// The ServiceEntries that have a host, each with the service of its first host.
    pub fn entries(&self) -> impl Iterator<Item = (&Service<'a>, &'a ServiceEntry)> {
        self.services.iter().filter_map(|service| match &service.resource.spec {
            Spec::ServiceEntry(entry) if entry.hosts.first().is_some_and(|host| host.span == service.span) => {
                Some((service, entry))
            }
            _ => None,
        })
    }

    /// The services of a namespace, in creation order.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Service<'a>> + Clone {
        self.by_namespace.get(namespace).into_iter().flatten().map(|&index| &self.services[index])
    }

    /// The Kubernetes Service with a short name, if it is the only one in all namespaces and its manifest names the
    /// namespace.
    pub fn only_one_called(&self, name: &str) -> Option<&Service<'a>> {
        let start = format!("{name}.");
        let starting = self.by_hostname.range(start.clone()..).take_while(|(host, _)| host.starts_with(&start));
        let services = starting.flat_map(|(_, indices)| indices).map(|&index| &self.services[index]);
        let mut called = services.filter(|service| service.is_kubernetes() && service.resource.name() == name);
        let only = called.next().filter(|service| service.resource.metadata.namespace.is_some());
        only.filter(|_| called.next().is_none())
    }

    /// The service of a namespace whose name is most similar to that of an unknown host name.
    pub fn nearest(&self, namespace: &str, hostname: &str, domain: &str) -> Option<&Service<'a>> {
        let (name, _) = host::kubernetes_service(hostname, domain)?;
        let names: BTreeMap<&str, &Service<'a>> = self
            .in_namespace(namespace)
            .filter_map(|service| Some((host::kubernetes_service(&service.hostname, domain)?.0, service)))
            .collect();
        nearest(name, names.keys().copied()).map(|best| names[best])
    }

    /// The services that proxies of a namespace see, in istiod's order: first the non-public ones of that namespace,
    /// then those exported to it by name, then the public ones, each in creation order.
    pub fn visible_from<'s>(&'s self, namespace: &str) -> Vec<&'s Service<'a>> {
        let rank = |service: &Service<'_>| match &service.export_to {
            ExportTo::Public => Some(2),
            _ if !service.export_to.includes(namespace) => None,
            _ if service.namespace == namespace => Some(0),
            _ => Some(1),
        };
        let mut visible: Vec<_> = self.services.iter().filter_map(|it| Some((rank(it)?, it))).collect();
        visible.sort_by_key(|(rank, _)| *rank);
        visible.into_iter().map(|(_, service)| service).collect()
    }

    /// The services with exactly this host name, in creation order. Several namespaces may define it, and both a
    /// Service and a ServiceEntry.
    pub fn named<'s>(&'s self, hostname: &str) -> impl Iterator<Item = &'s Service<'a>> + use<'s, 'a> {
        self.by_hostname.get(hostname).into_iter().flatten().map(|&index| &self.services[index])
    }

    /// The services whose selector matches a workload, in creation order.
    pub fn before<'s>(&'s self, workload: &Workload<'a>) -> Vec<&'s Service<'a>> {
        let of_label = |(key, value): (&&'a str, &&'a str)| {
            self.by_selector.get(&(workload.name.namespace.to_string(), *key, *value))
        };
        let mut found: Vec<usize> = workload.labels.iter().filter_map(of_label).flatten().copied().collect();
        found.sort_unstable();
        let services = found.into_iter().map(|index| &self.services[index]);
        services.filter(|service| service.selector.is_some_and(|it| workload.is_selected_by(it))).collect()
    }

    /// The service that stands for a host name and namespace: the Kubernetes Service, else the first ServiceEntry
    /// (istiod: `HostnameAndNamespace`).
    pub fn indexed<'s>(&'s self, hostname: &str, namespace: &str) -> Option<&'s Service<'a>> {
        let own = self.named(hostname).filter(|service| service.namespace == namespace);
        own.min_by_key(|service| !service.is_kubernetes())
    }

    /// The service that proxies of a namespace use for a host name: of those that they see, one of their own namespace,
    /// else a Kubernetes Service, else the first ServiceEntry (istiod: `selectServices`).
    pub fn seen_from<'s>(&'s self, namespace: &str, hostname: &str) -> Option<&'s Service<'a>> {
        let seen = self.named(hostname).filter(|service| service.export_to.includes(namespace));
        // `min_by_key` returns the first of equals, which is the oldest.
        seen.min_by_key(|service| (service.precedence(namespace), service.export_to == ExportTo::Public))
    }

    /// The service that a sidecar of a namespace imports because a VirtualService routes to a host name: one of its own
    /// namespace, whether or not that is exported to it, else a Kubernetes Service that it sees, else the oldest
    /// ServiceEntry that it sees (istiod: `collectImportedServices`, `pickBestVisibleNamespace`).
    pub fn routed_from<'s>(&'s self, namespace: &str, hostname: &str) -> Option<&'s Service<'a>> {
        self.indexed(hostname, namespace).or_else(|| {
            let stands = |it: &&Service<'_>| {
                self.indexed(hostname, &it.namespace).is_some_and(|indexed| std::ptr::eq(indexed, *it))
            };
            let seen = self.named(hostname).filter(|service| service.export_to.includes(namespace));
            seen.filter(stands).min_by_key(|service| !service.is_kubernetes())
        })
    }

    /// Whether some ExternalName Service leads to another host.
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// The ExternalName Services that lead to a host, through any number of others, by namespace and name. Their
    /// `exportTo` does not matter (istiod: `resolveServiceAliases`).
    pub fn aliases_of<'s>(&'s self, hostname: &str) -> impl Iterator<Item = &'s Service<'a>> + use<'s, 'a> {
        self.aliases.get(hostname).into_iter().flatten().map(|&index| &self.services[index])
    }

    /// The service that a gateway of a namespace uses for a host name: a Kubernetes Service, else a ServiceEntry; one
    /// that is exported to it by name takes precedence over a public one (istiod: `DefaultSidecarScopeForGateway`).
    pub fn seen_from_gateway<'s>(&'s self, namespace: &str, hostname: &str) -> Option<&'s Service<'a>> {
        let seen = self.named(hostname).filter(|service| service.export_to.includes(namespace));
        seen.min_by_key(|service| (!service.is_kubernetes(), service.export_to == ExportTo::Public))
    }

    /// The service that an ExternalName Service refers to, through further ExternalName Services. `None` if it does not
    /// exist, or the references form a loop.
    pub fn behind<'s>(&'s self, namespace: &str, alias: &'s Service<'a>) -> Option<&'s Service<'a>> {
        const LONGEST_CHAIN: usize = 16;
        let mut service = alias;
        for _ in 0..LONGEST_CHAIN {
            match service.external_name() {
                Some(target) => service = self.seen_from(namespace, target)?,
                None => return Some(service),
            }
        }
        None
    }

    /// The end of the CNAMEs that begin with an ExternalName Service. DNS does not know `exportTo`.
    pub fn resolve_alias<'s>(&'s self, alias: &'s Service<'a>) -> AliasEnd<'s, 'a> {
        let mut seen = BTreeSet::from([alias.hostname.as_str()]);
        let mut service = alias;
        while let Some(target) = service.external_name().map(|target| target.trim_end_matches('.')) {
            if !seen.insert(target) {
                return AliasEnd::Loop;
            }
            // DNS serves Kubernetes Services only.
            match self.named(target).find(|it| it.is_kubernetes()) {
                Some(next) => service = next,
                None => return AliasEnd::Host(target),
            }
        }
        AliasEnd::Service(service)
    }

    /// The service for a host name, which may be covered only by a wildcard of a ServiceEntry.
    pub fn covering<'s>(&'s self, namespace: &str, hostname: &str) -> Option<&'s Service<'a>> {
        self.seen_from(namespace, hostname).or_else(|| {
            let wildcards = self.wildcards.iter().map(|&index| &self.services[index]);
            wildcards
                .filter(|service| {
                    service.export_to.includes(namespace) && host::covered_by(hostname, &service.hostname)
                })
                .min_by(|a, b| host::by_specificity(&a.hostname, &b.hostname))
        })
    }
}
