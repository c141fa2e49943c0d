//! Mesh-wide settings.

mod entry_visibility;
mod ingress;
mod mesh_config;
#[cfg(test)]
mod tests;

pub use entry_visibility::EntryVisibility;
pub use ingress::{IngressMode, IngressSettings};

use std::collections::BTreeSet;

use super::{Authorizer, RetryPolicy};
use crate::config::{Config, InventorySetting, Known, OutboundMode};
use crate::load::Snapshot;
use crate::model::kubernetes::LabelSelector;
use crate::model::mesh_config::MeshConfig;
use crate::model::{KindScope, Resource};

/// The mesh-wide settings: from a MeshConfig in the manifests, else from `.mesh.yaml`, else Istio's defaults (istio:
/// `pkg/config/mesh`, `DefaultMeshConfig`).
#[derive(Debug, Clone)]
pub struct Settings {
    /// The cluster's DNS domain. Default `cluster.local`.
    pub domain: String,
    /// The namespace whose resources apply to the whole mesh. Default `istio-system`.
    pub root_namespace: String,
    /// The namespace of manifests without one, as `kubectl apply` would set it. Default `default`.
    pub default_namespace: String,
    /// Whether nobody says that manifests without a namespace are for [`Settings::default_namespace`]. Default `true`.
    pub is_namespace_assumed: bool,
    /// The trust domain of the mesh's identities. Default `cluster.local`.
    pub trust_domain: String,
    /// Other trust domains that are treated as the mesh's own.
    pub trust_domain_aliases: Vec<String>,
    /// The names of the extension providers; `None` if the manifests have no MeshConfig.
    pub extension_providers: Option<Vec<String>>,
    /// The names of the extension providers in all MeshConfigs of the repository.
    pub providers_of_repository: BTreeSet<String>,
    /// Those of the extension providers that decide on requests.
    pub authorizers: Vec<Authorizer>,
    /// The providers for a Telemetry that names none.
    pub default_providers: DefaultProviders,
    /// The names of the extension providers of the deprecated kind `lightstep`.
    pub lightstep_providers: Vec<String>,
    /// Whether sidecars forward inbound traffic to `127.0.0.1` rather than to the dialled address
    /// (`inboundTrafficPolicy: LOCALHOST`). Default `false`.
    pub inbound_to_localhost: bool,
    /// Whether proxies detect which workloads accept mutual TLS, if no DestinationRule sets TLS (`enableAutoMtls`).
    /// Default `true`.
    pub auto_mtls: bool,
    /// Whether `tls` of a Sidecar's `ingress` has an effect (istiod: `ENABLE_TLS_ON_SIDECAR_INGRESS`). Default `false`.
    pub sidecar_ingress_tls: bool,
    /// Whether sidecars answer DNS queries, and so give addresses to hosts that have none. Default `false`.
    pub dns_capture: bool,
    /// The normalization of paths. Default `BASE`.
    pub path_normalization: PathNormalization,
    /// Whether sidecars forward requests to unknown destinations. Default `ALLOW_ANY`.
    pub outbound: OutboundMode,
    /// The namespaces that services without `exportTo` are exported to. Default `*`.
    pub service_export_to: Vec<String>,
    /// The namespaces that VirtualServices without `exportTo` are exported to. Default `*`.
    pub virtual_service_export_to: Vec<String>,
    /// The namespaces that DestinationRules without `exportTo` are exported to. Default `*`.
    pub destination_rule_export_to: Vec<String>,
    /// The visibility that ServiceEntries have at most. `None` if their `exportTo` alone decides.
    pub entry_visibility: Option<EntryVisibility>,
    /// The retry policy of routes that set none. `None` if they do not retry. Default: istiod's own.
    pub retries: Option<RetryPolicy>,
    /// The ports at which sidecars capture outgoing and incoming connections. Default: 15001 and 15006.
    pub capture_ports: [u32; 2],
    /// The port of the HTTP proxy that each sidecar has for its workload. Default: none.
    pub http_proxy_port: Option<u32>,
    /// Whether proxies choose endpoints by their locality, unless a DestinationRule says otherwise. Default `false`.
    pub by_locality: bool,
    /// The selectors of the namespaces that istiod looks at. Empty for all namespaces, the default.
    pub discovery: Vec<LabelSelector>,
    /// The Ingresses that istiod handles.
    pub ingress: IngressSettings,
    /// Remarks on settings that change answers in ways that are not simulated.
    pub notes: Vec<&'static str>,
    /// The completeness of the manifests, as declared by the user. By default, it is decided for each namespace.
    pub inventory: InventorySetting,
    /// Hosts and Services outside of the manifests, as declared by the user.
    pub known: Known,
}

/// The providers for a Telemetry that names none. Empty by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefaultProviders {
    /// Providers of tracing.
    pub tracing: Vec<String>,
    /// Providers of access logs.
    pub access_logging: Vec<String>,
}

/// The extension providers of every mesh (istio: `DefaultMeshConfig`).
const BUILT_IN_PROVIDERS: [&str; 3] = ["prometheus", "stackdriver", "envoy"];

/// The normalization of paths before routing and policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathNormalization {
    /// None.
    None,
    /// Dot segments, percent-encoded unreserved characters and backslashes.
    Base,
    /// As `Base`, and repeated slashes.
    MergeSlashes,
    /// As `MergeSlashes`, after decoding percent-encoded slashes.
    DecodeAndMergeSlashes,
}

impl Default for Settings {
    fn default() -> Self {
        let public = || vec!["*".to_owned()];
        Self {
            domain: "cluster.local".to_owned(),
            root_namespace: "istio-system".to_owned(),
            default_namespace: "default".to_owned(),
            is_namespace_assumed: true,
            trust_domain: "cluster.local".to_owned(),
            trust_domain_aliases: Vec::new(),
            extension_providers: None,
            providers_of_repository: BTreeSet::new(),
            authorizers: Vec::new(),
            default_providers: DefaultProviders::default(),
            lightstep_providers: Vec::new(),
            inbound_to_localhost: false,
            auto_mtls: true,
            sidecar_ingress_tls: false,
            dns_capture: false,
            path_normalization: PathNormalization::Base,
            outbound: OutboundMode::AllowAny,
            service_export_to: public(),
            virtual_service_export_to: public(),
            destination_rule_export_to: public(),
            entry_visibility: None,
            retries: Some(RetryPolicy::built_in()),
            capture_ports: [15001, 15006],
            http_proxy_port: None,
            by_locality: false,
            discovery: Vec::new(),
            ingress: IngressSettings::default(),
            notes: Vec::new(),
            inventory: InventorySetting::default(),
            known: Known::default(),
        }
    }
}

impl Settings {
    /// The settings from the configuration and the manifests.
    pub fn new(config: &Config, snapshot: &Snapshot) -> Self {
        Self::of(config, &snapshot.mesh_config_layers, &snapshot.mesh_configs)
    }

    /// The settings from the configuration, the values of Helm charts and some MeshConfigs. Of several values nobody knows
    /// which apply.
    pub(super) fn of<'c>(
        config: &Config,
        layers: &[MeshConfig],
        mesh_configs: impl IntoIterator<Item = &'c MeshConfig>,
    ) -> Self {
        let mut settings = Self::default();
        settings.apply_config(config);
        if let [only] = layers {
            settings.apply_mesh_config(only);
            // Other values may add providers.
            if only.extension_providers.is_empty() {
                settings.extension_providers = None;
            }
        }
        mesh_configs.into_iter().for_each(|found| settings.apply_mesh_config(found));
        settings
    }

    fn apply_config(&mut self, config: &Config) {
        let mesh = &config.mesh;
        self.inventory = config.inventory.clone().unwrap_or_default();
        self.known = config.known.clone();
        self.is_namespace_assumed = config.namespace.is_none();
        replace(&mut self.default_namespace, config.namespace.clone());
        replace(&mut self.domain, mesh.domain.clone());
        replace(&mut self.root_namespace, mesh.root_namespace.clone());
        replace(&mut self.trust_domain, mesh.trust_domain.clone());
        replace(&mut self.trust_domain_aliases, mesh.trust_domain_aliases.clone());
        replace(&mut self.outbound, mesh.outbound_traffic_policy.map(|policy| policy.mode));
        replace(&mut self.service_export_to, mesh.default_service_export_to.clone());
        replace(&mut self.virtual_service_export_to, mesh.default_virtual_service_export_to.clone());
        replace(&mut self.destination_rule_export_to, mesh.default_destination_rule_export_to.clone());
    }

    /// Whether the mesh has an extension provider with this name, in upper or lower case. `None` if the manifests have
    /// no MeshConfig (istiod: `fetchProvider`).
    pub fn has_provider(&self, name: &str) -> Option<bool> {
        let is_meant = |known: &str| known.eq_ignore_ascii_case(name);
        if BUILT_IN_PROVIDERS.into_iter().any(is_meant) {
            return Some(true);
        }
        Some(self.extension_providers.as_ref()?.iter().any(|known| is_meant(known)))
    }

    /// The namespace of a resource; empty for cluster-wide kinds.
    pub fn namespace_of<'r>(&'r self, resource: &'r Resource) -> &'r str {
        match (resource.kind.scope(), &resource.metadata.namespace) {
            (KindScope::Cluster, _) => "",
            (KindScope::Namespaced, Some(namespace)) if !namespace.is_empty() => namespace,
            (KindScope::Namespaced, _) => &self.default_namespace,
        }
    }
}

fn replace<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}
