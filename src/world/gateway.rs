//! Gateways and the hosts of their servers.

use std::borrow::Cow;

use super::names::NamespacedName;
use super::{Protocol, ProtocolClass, Registry, Section, Settings};
use crate::model::networking::ServerTlsMode;
use crate::model::{Kind, LabelSet, Resource, Spec, networking};
use crate::source::{Span, Spanned};

/// A Gateway.
#[derive(Debug)]
pub struct Gateway<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// What it says.
    pub spec: Cow<'a, networking::Gateway>,
    /// The full host names of the Services that it belongs to. If there are any, it applies to the workloads behind
    /// them instead of those that its selector finds, and opens only ports that they have (istiod: `mergeGateways`,
    /// `resolvePorts`).
    pub services: Vec<String>,
    /// Whether istiod runs the workload behind it, as it does for those of the Gateway API without addresses.
    pub is_managed: bool,
}

/// The annotation by which istiod marks a Gateway that it makes of the Gateway API.
const SEMANTICS_ANNOTATION: &str = "internal.istio.io/gateway-semantics";

/// The annotation in which istiod notes the service account of the workload that it runs for a Gateway.
const ACCOUNT_ANNOTATION: &str = "internal.istio.io/service-account-name";

/// The annotation in which istiod notes the Services of a Gateway, separated by commas.
const SERVICES_ANNOTATION: &str = "internal.istio.io/gateway-service";

/// The name of a Gateway.
pub type GatewayName<'a> = NamespacedName<'a>;

/// A host of a server: the names it serves and the namespaces whose VirtualServices may bind to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHost<'a> {
    /// The namespace that may bind; `None` for all. `~` admits nobody.
    pub namespace: Option<&'a str>,
    /// The DNS name.
    pub host: &'a str,
    /// Where it is written.
    pub span: Span,
}

impl<'a> ServerHost<'a> {
    /// Reads `host`, `ns/host`, `./host` or `*/host` as a Gateway in `namespace` means it.
    pub fn parse(written: &'a Spanned<String>, namespace: &'a str) -> Self {
        let (admitted, host) = match written.split_once('/') {
            Some(("*", host)) => (None, host),
            Some((".", host)) => (Some(namespace), host),
            Some((other, host)) => (Some(other), host),
            None => (None, written.as_str()),
        };
        Self { namespace: admitted, host, span: written.span }
    }

    /// Whether VirtualServices of a namespace may bind.
    pub fn admits(&self, namespace: &str) -> bool {
        self.namespace.is_none_or(|admitted| admitted == namespace)
    }
}

/// The label by which the pods that istiod runs for a Gateway of the Gateway API tell its name.
pub const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

impl<'a> Gateway<'a> {
    /// Whether it comes from the Gateway API.
    pub fn is_of_gateway_api(&self) -> bool {
        matches!(self.resource.kind, Kind::KubernetesGateway | Kind::ListenerSet)
            || annotation(self.resource, SEMANTICS_ANNOTATION) == "gateway"
    }

    /// What it is called where it is written: a listener is not named itself.
    pub fn written_name(&self) -> String {
        format!("{}/{}", self.name.namespace, self.resource.name())
    }

    /// Whether it belongs to Services of which the manifests have none, as those that istiod makes.
    pub fn lacks_services(&self, services: &Registry<'_>) -> bool {
        !self.services.is_empty() && !self.services.iter().any(|name| services.named(name).next().is_some())
    }

    /// The labels that it asks for, as they are written; `None` if there are none.
    pub(super) fn written_selector(&self) -> Option<LabelSet<'a>> {
        match &self.resource.spec {
            Spec::Gateway(spec) => Some(spec.selector.to_set()).filter(|selector| !selector.is_empty()),
            _ => None,
        }
    }

    /// The hosts of a server of this Gateway. `*/*` stands for all hosts and takes the place of the whole list
    /// (istiod: `sanitizeServerHostNamespace`).
    pub fn hosts<'s>(&'s self, server: &'a networking::Server) -> Vec<ServerHost<'s>> {
        if let Some(all) = server.hosts.iter().find(|host| host.as_str() == "*/*") {
            return vec![ServerHost { namespace: None, host: "*", span: all.span }];
        }
        server.hosts.iter().map(|host| ServerHost::parse(host, &self.name.namespace)).collect()
    }

    /// The DNS names of a server that VirtualServices of `namespace` may bind to.
    pub fn hosts_for<'s>(&'s self, server: &'a networking::Server, namespace: &str) -> Vec<&'s str> {
        self.hosts(server).into_iter().filter(|host| host.admits(namespace)).map(|host| host.host).collect()
    }
}

/// The section of VirtualServices whose routes a server takes (istiod: `buildGatewayListeners`).
pub fn section_of_server(server: &networking::Server) -> Section {
    let protocol =
        server.port.as_ref().and_then(|port| port.protocol.as_ref()).map_or("", |protocol| protocol.as_str());
    let mode = server.tls.as_ref().map(|tls| tls.mode.map_or(ServerTlsMode::Passthrough, |mode| mode.value));
    let is_passed_on = matches!(mode, Some(ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough));
    match (Protocol::parse(protocol).class(), mode) {
        (ProtocolClass::Http, _) => Section::Http,
        (_, Some(_)) if is_passed_on => Section::Tls,
        (_, Some(_)) if Protocol::parse(protocol) == Protocol::Https => Section::Http,
        _ => Section::Tcp,
    }
}

pub(super) fn gateways<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<Gateway<'a>> {
    let resolve = |resource: &&'a Resource| match &resource.spec {
        Spec::Gateway(spec) => Some(Gateway {
            name: NamespacedName::new(settings.namespace_of(resource).to_owned(), resource.name()),
            resource,
            spec: Cow::Borrowed(spec),
            services: annotated_services(resource),
            is_managed: !annotation(resource, ACCOUNT_ANNOTATION).is_empty(),
        }),
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
