//! Gateways.

use std::borrow::Cow;

use super::names::NamespacedName;
use super::server::Server;
use super::{Gap, Registry, Settings};
use crate::model::{Kind, LabelSet, Resource, Spec, networking};

/// A Gateway.
#[derive(Debug)]
pub struct Gateway<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// The namespace of the resource. That of a derived Gateway can be another.
    pub(super) written_namespace: Cow<'a, str>,
    /// The spec.
    pub spec: Cow<'a, networking::Gateway>,
    /// Its servers.
    pub servers: Vec<Server<'a>>,
    /// The full host names of the Services that it belongs to. If it has any, it applies to the workloads behind these
    /// Services rather than to those that its selector matches, and opens only ports of these Services (istiod:
    /// `mergeGateways`, `resolvePorts`).
    pub services: Vec<String>,
    /// The Gateway API Gateway that serves it. For a listener of a ListenerSet, that is another resource.
    pub served_by: Option<NamespacedName<'static>>,
    /// Whether istiod runs the workload behind it, as for a Gateway API Gateway without addresses.
    pub is_managed: bool,
}

/// The annotation with which istiod marks a Gateway derived from the Gateway API.
const SEMANTICS_ANNOTATION: &str = "internal.istio.io/gateway-semantics";

/// The annotation in which istiod stores the service account of the workload that it runs for a Gateway.
const ACCOUNT_ANNOTATION: &str = "internal.istio.io/service-account-name";

/// The annotation in which istiod stores the Services of a Gateway, separated by commas.
const SERVICES_ANNOTATION: &str = "internal.istio.io/gateway-service";

/// The name of a Gateway.
pub type GatewayName<'a> = NamespacedName<'a>;

/// The label with the Gateway's name on pods that istiod runs for a Gateway API Gateway.
pub const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

impl<'a> Gateway<'a> {
    /// A Gateway for the workloads that its selector matches.
    pub(super) fn new(name: NamespacedName<'a>, resource: &'a Resource, spec: Cow<'a, networking::Gateway>) -> Self {
        let server = |server| Server::new(server, &name.namespace);
        let servers = match &spec {
            Cow::Borrowed(spec) => spec.servers.iter().map(Cow::Borrowed).map(server).collect(),
            Cow::Owned(spec) => spec.servers.iter().cloned().map(Cow::Owned).map(server).collect(),
        };
        let written_namespace = name.namespace.clone();
        Self {
            name,
            resource,
            written_namespace,
            spec,
            servers,
            services: Vec::new(),
            served_by: None,
            is_managed: false,
        }
    }

    /// Whether it is derived from the Gateway API.
    pub fn is_of_gateway_api(&self) -> bool {
        matches!(self.resource.kind, Kind::KubernetesGateway | Kind::ListenerSet)
            || annotation(self.resource, SEMANTICS_ANNOTATION) == "gateway"
    }

    /// The name of the resource that defines it, such as an Ingress.
    pub fn written_name(&self) -> NamespacedName<'_> {
        NamespacedName::new(&*self.written_namespace, self.resource.name())
    }

    /// Whether it belongs to Services that the manifests do not define, such as Services that istiod creates.
    pub fn lacks_services(&self, services: &Registry<'_>) -> bool {
        !self.services.is_empty() && !self.services.iter().any(|name| services.named(name).next().is_some())
    }

    /// The reason why its workloads are not known, if the manifests have none of them.
    pub fn gap_of_workloads(&self) -> Gap {
        let name = self.written_name().to_string();
        match self.spec.selector.is_empty() {
            _ if self.is_managed || !self.services.is_empty() => Gap::ManagedWorkloads,
            true => Gap::NoSelector(Kind::Gateway, name),
            false => Gap::NoWorkloadsOf(Kind::Gateway, name),
        }
    }

    /// Its selector as written; `None` if it is empty.
    pub(super) fn written_selector(&self) -> Option<LabelSet<'a>> {
        match &self.resource.spec {
            Spec::Gateway(spec) => Some(spec.selector.to_set()).filter(|selector| !selector.is_empty()),
            _ => None,
        }
    }
}

pub(super) fn gateways<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<Gateway<'a>> {
    let resolve = |resource: &&'a Resource| match &resource.spec {
        Spec::Gateway(spec) => {
            let name = NamespacedName::new(settings.namespace_of(resource).to_owned(), resource.name());
            let mut gateway = Gateway::new(name, resource, Cow::Borrowed(spec));
            gateway.services = annotated_services(resource);
            gateway.is_managed = !annotation(resource, ACCOUNT_ANNOTATION).is_empty();
            Some(gateway)
        }
        _ => None,
    };
    resources.iter().filter_map(resolve).collect()
}

fn annotation<'r>(resource: &'r Resource, name: &str) -> &'r str {
    resource.metadata.annotations.get(name).map_or("", |value| value.as_str())
}

fn annotated_services(resource: &Resource) -> Vec<String> {
    annotation(resource, SERVICES_ANNOTATION)
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
