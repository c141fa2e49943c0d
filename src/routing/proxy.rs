//! The proxy whose configuration is compiled: a sidecar or a gateway.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::imported::{Imported, ImportedService};
use super::scope::SidecarScope;
use crate::model::{LabelSet, label_set};
use crate::world::{Service, World};

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
    /// The services that have clusters.
    imported: Imported<'a>,
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
            imported: Imported::of_sidecar(world, namespace, &scope.egress),
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
            imported: Imported::of_gateway(world, namespace),
            role: Role::Gateway,
            is_placed: true,
        }
    }

    /// Sets the address of the workload.
    pub fn at(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// Sets whether the namespace of the workload is known.
    pub fn placed(self, is_placed: bool) -> Self {
        Self { is_placed, ..self }
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
        self.imported(hostname).map(|it| it.service)
    }

    /// The same, with the ports that have clusters.
    pub(super) fn imported(&self, hostname: &str) -> Option<&ImportedService<'a>> {
        self.imported.get(hostname)
    }

    /// The service that the route table of a sidecar's port has for a host: the last one of the egress listener that has
    /// the port. Port 0 stands for the HTTP proxy of a Sidecar resource, which has all services (istiod:
    /// `BuildSidecarOutboundVirtualHosts`).
    pub(super) fn route_service(&self, hostname: &str, port: u32) -> Option<&'a Service<'a>> {
        let Role::Sidecar(scope) = &self.role else { return None };
        let egress = match port {
            0 => scope.egress.iter().find(|egress| egress.is_http_proxy())?,
            _ => scope.egress_of_port(port)?,
        };
        let is_it = |it: &&&Service<'_>| it.hostname == hostname && (port == 0 || it.has_port(port));
        egress.services.iter().rfind(is_it).copied()
    }
}
