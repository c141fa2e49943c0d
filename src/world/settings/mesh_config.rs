//! The settings of a MeshConfig. What it sets replaces what was set before (istio: `ApplyMeshConfig`).

use super::{EntryVisibility, PathNormalization, Settings, replace};
use crate::config::OutboundMode;
use crate::model::field::TextField;
use crate::model::mesh_config::{
    InboundTrafficPolicyMode, MeshConfig, MeshOutboundTrafficPolicy, MeshOutboundTrafficPolicyMode, NormalizationType,
};
use crate::model::networking::LocalityLbSetting;
use crate::source::Spanned;
use crate::world::RetryPolicy;
use crate::world::authorizer::authorizers;

impl Settings {
    pub(super) fn apply_mesh_config(&mut self, mesh: &MeshConfig) {
        let list = |written: &[Spanned<String>]| {
            (!written.is_empty()).then(|| written.iter().map(|entry| entry.value.clone()).collect())
        };
        replace(&mut self.root_namespace, mesh.root_namespace.as_ref().map(|name| name.value.clone()));
        replace(&mut self.trust_domain, mesh.trust_domain.as_ref().map(|name| name.value.clone()));
        replace(&mut self.trust_domain_aliases, list(&mesh.trust_domain_aliases));
        let metadata = mesh.default_config.as_ref().and_then(|it| it.proxy_metadata.get("ISTIO_META_DNS_CAPTURE"));
        replace(&mut self.dns_capture, metadata.map(|value| value.as_str() == "true"));
        let normalization = mesh.path_normalization.as_ref().and_then(|it| it.normalization);
        replace(
            &mut self.path_normalization,
            normalization.map(|normalization| match normalization.value {
                NormalizationType::None => PathNormalization::None,
                NormalizationType::MergeSlashes => PathNormalization::MergeSlashes,
                NormalizationType::DecodeAndMergeSlashes => PathNormalization::DecodeAndMergeSlashes,
                NormalizationType::Default | NormalizationType::Base | NormalizationType::Undefined(_) => {
                    PathNormalization::Base
                }
            }),
        );
        let providers = mesh.extension_providers.iter().filter_map(|provider| provider.name.as_ref());
        self.extension_providers.get_or_insert_default().extend(providers.map(|name| name.value.clone()));
        self.authorizers.extend(authorizers(mesh));
        if let Some(defaults) = &mesh.default_providers {
            replace(&mut self.default_providers.tracing, list(&defaults.tracing));
            replace(&mut self.default_providers.access_logging, list(&defaults.access_logging));
        }
        let lightstep = mesh.extension_providers.iter().filter(|provider| provider.lightstep.is_some());
        self.lightstep_providers.extend(lightstep.filter_map(|it| Some(it.name.as_ref()?.value.clone())));
        let inbound = mesh.inbound_traffic_policy.as_ref().and_then(|policy| policy.mode);
        replace(&mut self.inbound_to_localhost, inbound.map(|mode| mode.value == InboundTrafficPolicyMode::Localhost));
        replace(&mut self.auto_mtls, mesh.enable_auto_mtls.map(|enabled| enabled.value));
        let mode = |policy: &MeshOutboundTrafficPolicy| match policy.mode.map(|mode| mode.value) {
            // An empty policy has the first value of the enumeration.
            None | Some(MeshOutboundTrafficPolicyMode::RegistryOnly | MeshOutboundTrafficPolicyMode::Undefined(_)) => {
                OutboundMode::RegistryOnly
            }
            Some(MeshOutboundTrafficPolicyMode::AllowAny) => OutboundMode::AllowAny,
            Some(MeshOutboundTrafficPolicyMode::AllowAnyDynamicDns) => OutboundMode::AllowAnyDynamicDns,
        };
        replace(&mut self.outbound, mesh.outbound_traffic_policy.as_ref().map(mode));
        replace(&mut self.service_export_to, list(&mesh.default_service_export_to));
        replace(&mut self.virtual_service_export_to, list(&mesh.default_virtual_service_export_to));
        replace(&mut self.destination_rule_export_to, list(&mesh.default_destination_rule_export_to));
        replace(&mut self.retries, mesh.default_http_retry_policy.as_ref().map(RetryPolicy::written));
        replace(&mut self.entry_visibility, mesh.service_entry_visibility.as_ref().map(EntryVisibility::new));
        replace(&mut self.capture_ports[0], mesh.proxy_listen_port.map(|port| port.value).filter(|port| *port > 0));
        replace(
            &mut self.capture_ports[1],
            mesh.proxy_inbound_listen_port.map(|port| port.value).filter(|port| *port > 0),
        );
        let http_proxy_port = mesh.proxy_http_port.map(|port| Some(port.value).filter(|port| *port > 0));
        replace(&mut self.http_proxy_port, http_proxy_port);
        replace(&mut self.by_locality, mesh.locality_lb_setting.as_ref().map(LocalityLbSetting::names_localities));
        if !mesh.discovery_selectors.is_empty() {
            self.discovery.clone_from(&mesh.discovery_selectors);
        }
        self.ingress.apply(mesh);
        self.note(mesh);
    }
    /// Notes what changes answers and is not simulated.
    fn note(&mut self, mesh: &MeshConfig) {
        let intercepts = |mode: &Spanned<String>| mode.as_str() != "NONE";
        let default_config = mesh.default_config.as_ref();
        let notes = [
            (
                mesh.zone_aware_lb_setting.is_some(),
                "the MeshConfig sets `zoneAwareLbSetting`: endpoints near the client get more requests",
            ),
            (
                mesh.config_sources.iter().any(|source| source.address.text() != "k8s://"),
                "the MeshConfig names `configSources`: istiod also uses resources that are not among the manifests",
            ),
            (
                default_config.and_then(|it| it.interception_mode.as_ref()).is_some_and(|mode| !intercepts(mode)),
                "the MeshConfig sets `interceptionMode: NONE`: only requests that are sent to a port of the proxy are routed",
            ),
        ];
        self.notes.extend(notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note));
    }
}
