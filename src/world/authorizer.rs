//! The external authorizers of AuthorizationPolicies with `action: CUSTOM`.

use super::{AuthorizationPolicy, Gap, Service, World, host};
use crate::model::field::{NumberField, TextField};
use crate::model::mesh_config::MeshConfig;

/// An extension provider of the MeshConfig that decides on requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// The name, by which policies call it.
    pub name: String,
    /// The full host name of its service, perhaps after `namespace/`.
    pub service: String,
    /// The port of the service; 0 without one.
    pub port: u32,
    /// Whether proxies allow requests if they cannot reach it.
    pub fails_open: bool,
    /// Whether proxies ask it by HTTP. Such an authorizer has no effect on TCP ports (istiod: `Builder.buildTCP`).
    pub is_http_only: bool,
}

/// The reason why istiod or the proxies cannot use the provider of a policy. The proxies then answer what the rules of the
/// policy match with 403 (istiod: `getBadCustomDenyRules`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnusableProvider {
    /// The MeshConfig does not define it.
    Undefined,
    /// It is of another kind, for example for tracing.
    OtherKind,
    /// Its name is not a DNS label (istiod: `validateProviderName`).
    InvalidName,
    /// Its port is missing or not valid.
    InvalidPort,
    /// Its service is not a full host name, as that of this Service would be. istiod does not expand it.
    ShortName(String),
    /// No service has the host.
    UnknownService,
    /// Services of several namespaces have the host, and it names none of these (istiod: `LookupCluster`).
    SeveralServices,
    /// The service does not have the port.
    UnknownPort(Vec<u32>),
}

pub(super) fn authorizers(mesh: &MeshConfig) -> impl Iterator<Item = Authorizer> {
    mesh.extension_providers.iter().filter_map(|provider| {
        let settings = provider.envoy_ext_authz_http.as_ref().or(provider.envoy_ext_authz_grpc.as_ref())?;
        Some(Authorizer {
            name: provider.name.text().to_owned(),
            service: settings.service.text().to_owned(),
            port: settings.port.number(),
            fails_open: settings.fail_open.is_some_and(|fails_open| fails_open.value),
            is_http_only: provider.envoy_ext_authz_http.is_some(),
        })
    })
}

/// The environment variable of istiod that allows several providers for a workload.
const SEVERAL_PROVIDERS: &str = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";

impl World<'_> {
    /// The reason why the provider of a policy cannot be used; `None` if it can.
    ///
    /// # Errors
    ///
    /// If the manifests do not decide it.
    pub fn unusable_provider(
        &self,
        policy: &AuthorizationPolicy<'_>,
        name: &str,
    ) -> Result<Option<UnusableProvider>, Gap> {
        let Some(providers) = &self.settings.extension_providers else { return Err(Gap::NoMeshConfig) };
        let Some(authorizer) = self.settings.authorizers.iter().find(|authorizer| authorizer.name == name) else {
            let is_other = providers.iter().any(|provider| provider == name);
            // The MeshConfig may be that of another cluster.
            if !is_other && self.settings.providers_of_repository.contains(name) {
                return Err(Gap::ProviderElsewhere(name.to_owned()));
            }
            if !is_other && self.snapshot.mesh_configs.is_empty() {
                return Err(Gap::NoMeshConfig);
            }
            return Ok(Some(if is_other { UnusableProvider::OtherKind } else { UnusableProvider::Undefined }));
        };
        if !is_label(name) {
            return Ok(Some(UnusableProvider::InvalidName));
        }
        if !(1..=65535).contains(&authorizer.port) {
            return Ok(Some(UnusableProvider::InvalidPort));
        }
        let (namespace, hostname) = match authorizer.service.split_once('/') {
            Some((namespace, hostname)) => (Some(namespace), hostname),
            None => (None, authorizer.service.as_str()),
        };
        let is_of_namespace = |service: &&Service<'_>| namespace.is_none_or(|namespace| service.namespace == namespace);
        let services: Vec<&Service<'_>> = self.services.named(hostname).filter(is_of_namespace).collect();
        let Some(service) = services.first() else { return self.missing_service(policy, hostname) };
        if services.iter().any(|other| other.namespace != service.namespace) {
            return Ok(Some(UnusableProvider::SeveralServices));
        }
        let has_port = services.iter().any(|service| service.port(authorizer.port).is_some());
        let numbers = || service.ports.iter().map(|port| port.number).collect();
        Ok((!has_port && !authorizer.fails_open).then(|| UnusableProvider::UnknownPort(numbers())))
    }

    fn missing_service(
        &self,
        policy: &AuthorizationPolicy<'_>,
        hostname: &str,
    ) -> Result<Option<UnusableProvider>, Gap> {
        let domain = &self.settings.domain;
        if let Some((name, namespace)) = host::kubernetes_service(hostname, domain) {
            if self.makes_service(hostname) {
                return Ok(None);
            }
            return self
                .expects_service(policy.resource, name, namespace)
                .map(|()| Some(UnusableProvider::UnknownService));
        }
        let own = &policy.name.namespace;
        let expanded = [
            format!("{hostname}.{domain}"),
            format!("{hostname}.svc.{domain}"),
            format!("{hostname}.{own}.svc.{domain}"),
        ];
        if let Some(full) = expanded.into_iter().find(|full| self.services.named(full).next().is_some()) {
            return Ok(Some(UnusableProvider::ShortName(full)));
        }
        self.inventory.service_entry(own, hostname).map(|()| Some(UnusableProvider::UnknownService))
    }

    /// Whether the manifests allow workloads to have policies with different providers. By default, istiod does not.
    pub fn allows_several_providers(&self) -> bool {
        let mut variables = self.workloads.iter().flat_map(|it| it.containers()).flat_map(|container| &container.env);
        variables.any(|variable| variable.name.text() == SEVERAL_PROVIDERS && variable.value.text() == "true")
    }
}

/// Whether istiod accepts the name of a provider.
fn is_label(name: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (1..=63).contains(&name.len()) && name.chars().all(is_allowed) && !name.starts_with('-') && !name.ends_with('-')
}
