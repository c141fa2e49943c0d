//! ConfigMap and IstioOperator, which can contain Istio's mesh-wide configuration.

use crate::model::macros::message;
use crate::model::map::Map;
use crate::model::mesh_config::MeshConfig;
use crate::yaml::Node;
use crate::{
    model::decode::{Decode, Decoder},
    source::Span,
};

message! {
    /// A ConfigMap. The one named `istio` has a MeshConfig in its key `mesh`.
    open struct ConfigMap {
        data: Map<RawText>,
    }
}

message! {
    /// The settings of an Istio installation.
    open struct IstioOperator {
        mesh_config: Option<MeshConfig>,
        values: Option<InstallationValues>,
    }
}

message! {
    /// The values of the charts that an installation consists of.
    open struct InstallationValues {
        mesh_config: Option<MeshConfig>,
    }
}

/// A value of any type, of which only a string is kept.
#[derive(Debug, Clone)]
pub struct RawText {
    /// The place of the value.
    pub span: Span,
    /// The value, if it is a string.
    pub text: Option<String>,
}

impl Decode for RawText {
    fn decode(node: &Node, _: &mut Decoder<'_>) -> Option<Self> {
        Some(Self { span: node.span, text: node.as_str().map(str::to_owned) })
    }
}
