//! What is in front of a gateway: trusted proxies, and what they tell about the client.

use super::{GATEWAY_NAME_LABEL, NamespacedName, World};
use crate::model::decode::{Decode, Decoder, Texts};
use crate::model::mesh_config::{DefaultConfig, ForwardClientCertDetails, GatewayTopology as WrittenTopology};
use crate::model::{LabelSet, Resource, Spec};
use crate::source::FileId;
use crate::yaml;

/// What is in front of a gateway (istiod: `buildGatewayConnectionManager`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayTopology {
    /// The number of proxies in front of the gateway that it trusts. Default 0.
    pub trusted_proxies: u32,
    /// Whether clients must begin connections with the PROXY protocol.
    pub expects_proxy_protocol: bool,
    /// The handling of the header `x-forwarded-client-cert`.
    pub certificate_header: CertificateHeader,
}

/// The handling of the header `x-forwarded-client-cert` that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateHeader {
    /// The gateway removes or replaces it.
    Replaced,
    /// The gateway keeps it if the client shows a certificate.
    KeptWithCertificate,
    /// The gateway keeps it.
    Kept,
}

impl Default for GatewayTopology {
    fn default() -> Self {
        Self { trusted_proxies: 0, expects_proxy_protocol: false, certificate_header: CertificateHeader::Replaced }
    }
}

/// The annotation of pods with a ProxyConfig, which takes precedence over that of the MeshConfig.
const PROXY_CONFIG: &str = "proxy.istio.io/config";

impl World<'_> {
    /// What is in front of the gateway with some labels: by the annotation of its pods, else by `defaultConfig` of the
    /// MeshConfig. ProxyConfig resources cannot say it (istiod: `toMeshConfigProxyConfig`).
    pub fn gateway_topology(&self, namespace: &str, labels: &LabelSet<'_>) -> GatewayTopology {
        let mut topology = GatewayTopology::default();
        let of_mesh = self.snapshot.mesh_configs.iter().filter_map(|mesh| mesh.default_config.as_ref());
        for written in of_mesh.filter_map(|config| config.gateway_topology.as_ref()) {
            topology.apply(written);
        }
        let workload = self.workload_with(namespace, labels);
        let annotation = workload.and_then(|it| Some((it.resource, *it.annotations.get(PROXY_CONFIG)?)));
        let annotation = annotation.or_else(|| self.annotation_of_managed_gateway(namespace, labels));
        let of_pod = annotation.and_then(|(resource, text)| proxy_config(resource.span.file, text));
        if let Some(written) = of_pod.as_ref().and_then(|config| config.gateway_topology.as_ref()) {
            topology.apply(written);
        }
        topology
    }

    /// The annotation of the pods that istiod makes for a Gateway of the Gateway API: they have those of its
    /// `infrastructure`, else its own (istiod: `extractInfrastructureAnnotations`).
    fn annotation_of_managed_gateway(&self, namespace: &str, labels: &LabelSet<'_>) -> Option<(&Resource, &str)> {
        let name = NamespacedName::new(namespace, *labels.get(GATEWAY_NAME_LABEL)?);
        let resource = *self.kubernetes_gateways.get(&name)?;
        let infrastructure = match &resource.spec {
            Spec::KubernetesGateway(gateway) => gateway.infrastructure.as_ref(),
            _ => None,
        };
        let of_infrastructure = infrastructure.map(|it| &it.annotations).filter(|annotations| !annotations.is_empty());
        let annotations = of_infrastructure.unwrap_or(&resource.metadata.annotations);
        Some((resource, annotations.get(PROXY_CONFIG)?.as_str()))
    }
}

/// Decodes a ProxyConfig in an annotation. Places inside of it are not kept.
fn proxy_config(file: FileId, text: &str) -> Option<DefaultConfig> {
    let chunk = yaml::split(file, text).into_iter().next()?;
    let root = yaml::parse(&chunk, text).root?;
    DefaultConfig::decode(&root, &mut Decoder::new(Texts::Embedded(text)))
}

impl GatewayTopology {
    fn apply(&mut self, written: &WrittenTopology) {
        if let Some(number) = written.num_trusted_proxies {
            self.trusted_proxies = number.value;
        }
        self.expects_proxy_protocol |= written.proxy_protocol.is_some();
        match written.forward_client_cert_details.map(|details| details.value) {
            None | Some(ForwardClientCertDetails::Unspecified | ForwardClientCertDetails::Undefined(_)) => {}
            Some(ForwardClientCertDetails::Sanitize | ForwardClientCertDetails::SanitizeSet) => {
                self.certificate_header = CertificateHeader::Replaced;
            }
            Some(ForwardClientCertDetails::ForwardOnly | ForwardClientCertDetails::AppendForward) => {
                self.certificate_header = CertificateHeader::KeptWithCertificate;
            }
            Some(ForwardClientCertDetails::AlwaysForwardOnly) => self.certificate_header = CertificateHeader::Kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::Settings;

    #[test]
    fn the_annotation_of_the_pods_takes_precedence_over_the_mesh_config() {
        let topology = |manifests: &str| {
            let snapshot = Snapshot::of_texts([("a.yaml", manifests)]);
            let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
            world.gateway_topology("istio-system", &LabelSet::from([("istio", "ingressgateway")]))
        };
        let mesh = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    defaultConfig: {gatewayTopology: {numTrustedProxies: 1, forwardClientCertDetails: ALWAYS_FORWARD_ONLY}}\n---\n";
        let pod = |annotation: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: gw\n  namespace: istio-system\n  labels: {{istio: ingressgateway}}\n  annotations:\n    proxy.istio.io/config: '{annotation}'\nspec: {{containers: [{{name: istio-proxy, image: auto}}]}}\n"
            )
        };
        assert_eq!(topology(&pod("{}")), GatewayTopology::default());
        let of_mesh = topology(mesh);
        assert_eq!((of_mesh.trusted_proxies, of_mesh.certificate_header), (1, CertificateHeader::Kept));
        let annotation = pod(r#"{"gatewayTopology": {"numTrustedProxies": 2, "proxyProtocol": {}}}"#);
        let both = topology(&format!("{mesh}{annotation}"));
        assert_eq!(
            (both.trusted_proxies, both.expects_proxy_protocol, both.certificate_header),
            (2, true, CertificateHeader::Kept)
        );
    }

    #[test]
    fn the_pods_of_a_managed_gateway_have_its_annotations() {
        let trusted = |annotations: &str, infrastructure: &str| {
            let manifest = format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra, annotations: {{{annotations}}}}}\nspec: {{gatewayClassName: istio, infrastructure: {{annotations: {{{infrastructure}}}}}, listeners: [{{name: a, port: 80, protocol: HTTP}}]}}\n"
            );
            let snapshot = Snapshot::of_texts([("a.yaml", manifest)]);
            let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
            world.gateway_topology("infra", &LabelSet::from([(GATEWAY_NAME_LABEL, "edge")])).trusted_proxies
        };
        let annotation =
            |number: u32| format!("{PROXY_CONFIG}: '{{gatewayTopology: {{numTrustedProxies: {number}}}}}'");
        assert_eq!(trusted(&annotation(1), ""), 1);
        assert_eq!(trusted(&annotation(1), &annotation(2)), 2);
        assert_eq!(trusted(&annotation(1), "a: b"), 0);
    }
}
