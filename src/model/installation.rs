//! The MeshConfig in the resources of installers other than IstioOperator, and in the values of Helm.

use super::decode::{Decode, Decoder, Texts};
use super::mesh_config::MeshConfig;
use crate::source::Spanned;
use crate::yaml::Node;

/// The MeshConfigs of an installation.
#[derive(Debug, Default)]
pub(super) struct Installed {
    /// Those that are complete.
    pub mesh_configs: Vec<MeshConfig>,
    /// Those that other values can override.
    pub layers: Vec<MeshConfig>,
}

/// The key of the MeshConfig in values of the chart `istiod` (istio: `manifests/charts/istio-control`).
const KEY: &str = "meshConfig";

impl Installed {
    /// The MeshConfigs of a resource of another kind.
    pub(super) fn by(node: &Node, api_version: &str, kind: &str) -> Self {
        let group = api_version.split('/').next().unwrap_or_default();
        let at = |path: &[&str]| path.iter().try_fold(node, |node, key| node.get(key));
        let mut installed = Self::default();
        match (group, kind) {
            ("sailoperator.io" | "operator.istio.io", "Istio" | "IstioRevision") => {
                installed.mesh_configs.extend(at(&["spec", "values", KEY]).and_then(decode));
            }
            ("maistra.io", "ServiceMeshControlPlane") => {
                installed.mesh_configs.extend(at(&["spec", "techPreview", KEY]).and_then(decode));
            }
            ("helm.toolkit.fluxcd.io" | "helm.fluxcd.io", "HelmRelease") => {
                installed.layers.extend(at(&["spec", "values", KEY]).and_then(decode));
            }
            ("argoproj.io", "Application") => {
                let sources = at(&["spec", "sources"]).into_iter().flat_map(Node::items);
                for source in at(&["spec", "source"]).into_iter().chain(sources) {
                    let Some(helm) = source.get("helm") else { continue };
                    let object = helm.get("valuesObject").and_then(|values| values.get(KEY));
                    installed.layers.extend(object.and_then(decode));
                    let text = helm.get("values").and_then(|values| Some(Spanned::new(values.as_str()?, values.span)));
                    installed.layers.extend(text.and_then(in_text));
                }
            }
            _ => {}
        }
        installed
    }
}

/// The MeshConfig in a file with values.
pub(super) fn of_values(values: &Node) -> Option<MeshConfig> {
    decode(values.get(KEY)?)
}

/// The MeshConfig in values that are a string.
fn in_text(text: Spanned<&str>) -> Option<MeshConfig> {
    let chunk = crate::yaml::split(text.span.file, text.value).into_iter().next()?;
    let root = crate::yaml::parse(&chunk, text.value).root?;
    decode(root.get(KEY)?)
}

/// Decodes a MeshConfig whose mistakes nobody reports: the values may be completed by templates.
fn decode(node: &Node) -> Option<MeshConfig> {
    MeshConfig::decode(node, &mut Decoder::new(Texts::Embedded("")))
}
