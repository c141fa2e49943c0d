//! The proxy whose configuration is compiled: a sidecar or a gateway.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::scope::SidecarScope;
use crate::model::LabelSet;
use crate::world::{Discovery, Service, World};

/// A proxy, as far as its configuration depends on it.
#[derive(Debug)]
pub struct Proxy<'a> {
    /// The mesh.
    pub world: &'a World<'a>,
    /// The namespace of the workload.
    pub namespace: String,
    /// The labels of the workload.
    pub labels: BTreeMap<String, String>,
    /// The address of the workload, if it is known.
    pub address: Option<IpAddr>,
    /// The role of the proxy.
    pub role: Role<'a>,
    /// Whether the namespace of the workload is known. A gateway that is not among the manifests is presumed to run beside its
    /// Gateway.
    pub is_placed: bool,
}

/// The role of a proxy.
#[derive(Debug)]
pub enum Role<'a> {
    /// The sidecar of a workload.
    Sidecar(SidecarScope<'a>),
    /// An ingress or egress gateway.
    Gateway,
}

impl<'a> Proxy<'a> {
    /// The sidecar of a workload.
    pub fn sidecar(world: &'a World<'a>, namespace: &str, labels: &BTreeMap<String, String>) -> Self {
        let scope = SidecarScope::new(world, namespace, &label_set(labels));
        Self {
            world,
            namespace: namespace.to_owned(),
            labels: labels.clone(),
            address: None,
            role: Role::Sidecar(scope),
            is_placed: true,
        }
    }

    /// A gateway workload.
    pub fn gateway(world: &'a World<'a>, namespace: &str, labels: &BTreeMap<String, String>) -> Self {
        Self {
            world,
            namespace: namespace.to_owned(),
            labels: labels.clone(),
            address: None,
            role: Role::Gateway,
            is_placed: true,
        }
    }

    /// Sets the address of the workload.
    pub fn at(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// Whether the proxy is a gateway.
    pub fn is_gateway(&self) -> bool {
        matches!(self.role, Role::Gateway)
    }

    /// The labels of the workload.
    pub fn label_set(&self) -> LabelSet<'_> {
        label_set(&self.labels)
    }

    /// The service of a host, if the proxy has clusters for it. A sidecar has those of its scope, a gateway all that
    /// its namespace sees.
    pub fn service(&self, hostname: &str) -> Option<&'a Service<'a>> {
        match &self.role {
            Role::Sidecar(scope) => scope.service(hostname),
            Role::Gateway => self.world.services.seen_from_gateway(&self.namespace, hostname),
        }
    }

    /// Whether the proxy has clusters for a port of the service of a host, if the service has that port. A Sidecar
    /// resource can import single ports.
    pub(super) fn imports_port(&self, hostname: &str, port: u32) -> bool {
        match &self.role {
            Role::Sidecar(scope) => scope.imports_port(hostname, port),
            Role::Gateway => true,
        }
    }

    /// The services that share the clusters of a host: the one that counts for the host, and ServiceEntries that istiod
    /// merges with it (istiod: `appendSidecarServices`).
    pub fn merged(&self, service: &'a Service<'a>) -> impl Iterator<Item = &'a Service<'a>> {
        let first = self.service(&service.hostname).unwrap_or(service);
        let others = self.world.services.named(&service.hostname).filter(move |other| first.merges_with(other));
        std::iter::once(first).chain(others.filter(move |other| !std::ptr::eq(*other, first)))
    }

    /// The host that an ExternalName Service leads to, through other aliases. `None` for other services, and for an
    /// alias that is not known where the route applies.
    pub fn behind_alias(&self, hostname: &str, is_known: impl Fn(&Service<'_>) -> bool) -> Option<&'a str> {
        let alias = self.world.services.seen_from(&self.namespace, hostname)?;
        match alias.discovery {
            Discovery::Alias if is_known(alias) => {
                let resolved = self.world.services.behind(&self.namespace, alias);
                resolved.map(|service| service.hostname.as_str()).or_else(|| alias.external_name())
            }
            _ => None,
        }
    }
}

fn label_set(labels: &BTreeMap<String, String>) -> LabelSet<'_> {
    labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
