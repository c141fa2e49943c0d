//! Where the mesh-wide configuration of Istio may stand among the manifests.

use crate::model::macros::message;
use crate::model::map::Map;
use crate::model::mesh_config::MeshConfig;
use crate::yaml::Node;
use crate::{
    model::decode::{Decode, Decoder},
    source::Span,
};

message! {
    /// Texts by name. The one called `istio` holds a MeshConfig under `mesh`.
    open struct ConfigMap {
        data: Map<RawText>,
    }
}

message! {
    /// An installation of Istio.
    open struct IstioOperator {
        mesh_config: Option<MeshConfig>,
    }
}

/// A value that is kept as it is.
#[derive(Debug, Clone)]
pub struct RawText {
    /// Where it stands.
    pub span: Span,
    /// The value if it is a text.
    pub text: Option<String>,
}

impl Decode for RawText {
    fn decode(node: &Node, _: &mut Decoder<'_>) -> Option<Self> {
        Some(Self { span: node.span, text: node.as_str().map(str::to_owned) })
    }
}
