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

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::Settings;

    fn trust_domain(manifests: &str) -> String {
        let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
        Settings::new(&Config::default(), &snapshot).trust_domain
    }

    fn resource(api_version: &str, kind: &str, spec: &str) -> String {
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: istio}}\nspec: {spec}\n---\n")
    }

    #[test]
    fn installers_have_a_mesh_config() {
        let mesh_config = "meshConfig: {trustDomain: own}";
        let helm = "valuesObject: {meshConfig: {trustDomain: own}}";
        let text = "values: 'meshConfig: {trustDomain: own}'";
        for manifests in [
            resource("sailoperator.io/v1", "Istio", &format!("{{values: {{{mesh_config}}}}}")),
            resource("maistra.io/v2", "ServiceMeshControlPlane", &format!("{{techPreview: {{{mesh_config}}}}}")),
            resource("install.istio.io/v1alpha1", "IstioOperator", &format!("{{{mesh_config}}}")),
            resource("install.istio.io/v1alpha1", "IstioOperator", &format!("{{values: {{{mesh_config}}}}}")),
            resource("helm.toolkit.fluxcd.io/v2", "HelmRelease", &format!("{{values: {{{mesh_config}}}}}")),
            resource("argoproj.io/v1alpha1", "Application", &format!("{{source: {{helm: {{{helm}}}}}}}")),
            resource("argoproj.io/v1alpha1", "Application", &format!("{{sources: [{{helm: {{{text}}}}}]}}")),
            format!("{mesh_config}\npilot: {{}}\n"),
        ] {
            assert_eq!(trust_domain(&manifests), "own", "{manifests}");
        }
        assert_eq!(
            trust_domain(&resource("example.com/v1", "Istio", &format!("{{values: {{{mesh_config}}}}}"))),
            "cluster.local"
        );
    }

    /// Nobody knows which of several values apply.
    #[test]
    fn several_values_do_not_count() {
        let values = |domain: &str| format!("meshConfig: {{trustDomain: {domain}}}\n---\n");
        assert_eq!(trust_domain(&(values("one") + &values("two"))), "cluster.local");
        assert_eq!(trust_domain(&(values("one") + &values("one"))), "cluster.local");
        let complete = resource("sailoperator.io/v1", "Istio", "{values: {meshConfig: {trustDomain: own}}}");
        assert_eq!(trust_domain(&(values("one") + &complete)), "own");
    }

    /// Other values may add providers.
    #[test]
    fn values_without_providers_do_not_say_that_there_are_none() {
        let has_provider = |manifests: &str| {
            let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
            Settings::new(&Config::default(), &snapshot).has_provider("a")
        };
        assert_eq!(has_provider("meshConfig: {trustDomain: own}\n"), None);
        assert_eq!(has_provider("meshConfig: {extensionProviders: [{name: a}]}\n"), Some(true));
        assert_eq!(has_provider("trustDomain: own\n"), Some(false));
    }
}
