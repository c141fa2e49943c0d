//! The controllers of Gateways, and the Services in front of them.

use super::Inputs;
use crate::model::field::TextField;
use crate::model::gateway_api::KubernetesGateway;
use crate::model::{Kind, Resource, Spec};
use crate::source::Spanned;
use crate::world::NamespacedName;

/// The part of istiod that handles a Gateway (istiod: `GetClassInfos`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Controller {
    /// The controller of ingress and egress gateways.
    Gateway,
    /// The controller of waypoints. They do not route by VirtualServices.
    Waypoint,
    /// The controller of gateways between networks.
    EastWest,
}

/// The controller name for gateways.
pub(super) const GATEWAY_CONTROLLER: &str = "istio.io/gateway-controller";

/// The controller name for waypoints.
pub(super) const WAYPOINT_CONTROLLER: &str = "istio.io/mesh-controller";

const EAST_WEST_CONTROLLER: &str = "istio.io/eastwest-controller";

/// The annotation with another name for the Service of a managed gateway.
const NAME_ANNOTATION: &str = "gateway.istio.io/name-override";

/// The controller name of a GatewayClass, if the manifests define the class or istiod creates it.
pub(super) fn controller_name<'a>(class: &str, inputs: &Inputs<'a, '_>) -> Option<&'a str> {
    let written = match inputs.find(Kind::GatewayClass, "", class).map(|class| &class.spec) {
        Some(Spec::GatewayClass(spec)) => Some(spec),
        _ => None,
    };
    match (written, class) {
        (Some(spec), _) => spec.controller_name.as_ref().map(|name| name.as_str()),
        (None, "istio") => Some(GATEWAY_CONTROLLER),
        (None, "istio-waypoint") => Some(WAYPOINT_CONTROLLER),
        (None, "istio-east-west") => Some(EAST_WEST_CONTROLLER),
        (None, _) => None,
    }
}

/// The controller of a Gateway. `None` if istiod does not handle its class, or only registers the gateway.
pub(super) fn controller(spec: &KubernetesGateway, inputs: &Inputs<'_, '_>) -> Option<Controller> {
    match controller_name(spec.gateway_class_name.text(), inputs)? {
        GATEWAY_CONTROLLER => Some(Controller::Gateway),
        WAYPOINT_CONTROLLER => Some(Controller::Waypoint),
        EAST_WEST_CONTROLLER => Some(Controller::EastWest),
        _ => None,
    }
}

/// The Services and workload behind a Gateway.
pub(super) struct Backing {
    /// The full host names of the Services.
    pub services: Vec<String>,
    /// The Gateway.
    pub gateway: NamespacedName<'static>,
    /// Whether istiod runs the workload.
    pub is_managed: bool,
}

/// The Services and workload behind a Gateway: those that istiod creates, unless its addresses name others (istiod:
/// `extractGatewayServices`, `IsManaged`).
pub(super) fn backing(
    resource: &Resource,
    spec: &KubernetesGateway,
    controller: Controller,
    inputs: &Inputs<'_, '_>,
) -> Backing {
    let namespace = inputs.settings.namespace_of(resource);
    let gateway = NamespacedName::new(namespace.to_owned(), resource.name().to_owned());
    let full = |name: &str| format!("{name}.{namespace}.svc.{}", inputs.settings.domain);
    let has_suffix = controller == Controller::Gateway;
    if let Some(name) = managed_name(resource, spec, has_suffix) {
        return Backing { services: vec![full(&name)], gateway, is_managed: true };
    }
    // By default, the API has the type `IPAddress`.
    let is_hostname = |kind: &Spanned<String>| kind.as_str() == "Hostname";
    let hostnames = spec.addresses.iter().filter(|it| it.r#type.as_ref().is_some_and(is_hostname));
    let values = hostnames.map(|address| address.value.text());
    let services = values.map(|value| if value.contains('.') { value.to_owned() } else { full(value) }).collect();
    Backing { services, gateway, is_managed: false }
}

/// The name of the Service and workload that istiod creates for a Gateway. For some controllers it ends in the name of the
/// class. `None` if the addresses of the Gateway name other Services (istiod: `IsManaged`, `getDefaultName`).
pub(in crate::world) fn managed_name(
    resource: &Resource,
    spec: &KubernetesGateway,
    has_suffix: bool,
) -> Option<String> {
    let is_managed = match spec.addresses.as_slice() {
        [] => true,
        [only] => only.r#type.as_ref().is_none_or(|kind| kind.as_str() == "IPAddress"),
        _ => false,
    };
    let named = resource.metadata.annotations.get(NAME_ANNOTATION).map(|name| name.value.clone());
    let default = || match has_suffix {
        true => format!("{}-{}", resource.name(), spec.gateway_class_name.text()),
        false => resource.name().to_owned(),
    };
    is_managed.then(|| named.filter(|name| !name.is_empty()).unwrap_or_else(default))
}
