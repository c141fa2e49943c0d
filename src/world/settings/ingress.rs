//! The Ingresses that istiod handles.

use super::replace;
use crate::model::mesh_config::{IngressControllerMode, MeshConfig};
use crate::source::Spanned;

const DEFAULT_INGRESS: &str = "ingressgateway";

/// The Ingresses that istiod handles, and the gateway that serves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressSettings {
    /// The mode of the ingress controller.
    pub mode: IngressMode,
    /// The class that the annotation must name. Default `istio`.
    pub class: String,
    /// The `istio` label of the gateway workloads. Default `ingressgateway`.
    pub selector: String,
}

/// The Ingresses that istiod handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngressMode {
    /// Only those whose IngressClass is Istio's.
    Off,
    /// Also those without a class.
    Default,
    /// Also those whose annotation names Istio's class.
    Strict,
}

impl Default for IngressSettings {
    fn default() -> Self {
        Self { mode: IngressMode::Strict, class: "istio".to_owned(), selector: DEFAULT_INGRESS.to_owned() }
    }
}

impl IngressSettings {
    pub(super) fn apply(&mut self, mesh: &MeshConfig) {
        let text =
            |field: &Option<Spanned<String>>| field.as_ref().map(|it| it.value.clone()).filter(|it| !it.is_empty());
        replace(&mut self.class, text(&mesh.ingress_class));
        // The label is the name of the Service, but not for the Service of the default installation (istiod:
        // `getIngressGatewaySelector`).
        let service = text(&mesh.ingress_service).filter(|name| name != "istio-ingressgateway");
        replace(&mut self.selector, text(&mesh.ingress_selector).or(service));
        replace(
            &mut self.mode,
            mesh.ingress_controller_mode.map(|mode| match mode.value {
                // istiod treats unknown modes alike.
                IngressControllerMode::Off
                | IngressControllerMode::Unspecified
                | IngressControllerMode::Undefined(_) => IngressMode::Off,
                IngressControllerMode::Default => IngressMode::Default,
                IngressControllerMode::Strict => IngressMode::Strict,
            }),
        );
    }
}
