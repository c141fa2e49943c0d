//! BackendTLSPolicies: TLS that clients originate to a service or to one of its ports.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Settings, host};
use crate::model::field::TextField;
use crate::model::gateway_api::{BackendValidation, PolicyTarget};
use crate::model::networking::{ClientTlsMode, ClientTlsSettings};
use crate::model::{Kind, Resource, Spec};
use crate::source::Spanned;

/// The TLS settings of BackendTLSPolicies for one port of a service, and for the service. istiod adds them to the
/// DestinationRules of the service's namespace, whose own settings take precedence (istiod:
/// `mergeBackendPolicyTrafficPolicy`).
#[derive(Debug, Clone, Copy, Default)]
pub struct BackendTls<'a> {
    /// Those of a policy whose target names the port.
    pub of_port: Option<&'a ClientTlsSettings>,
    /// Those of a policy for all ports.
    pub of_service: Option<&'a ClientTlsSettings>,
}

/// All BackendTLSPolicies, by the namespace and the host of their targets, in creation order.
#[derive(Debug, Default)]
pub(super) struct BackendTlsPolicies {
    by_host: BTreeMap<String, BTreeMap<String, Vec<PolicyOfTarget>>>,
}

#[derive(Debug)]
struct PolicyOfTarget {
    /// The number of the port; `None` for all ports.
    port: Option<u32>,
    settings: Arc<ClientTlsSettings>,
}

/// The annotation with which istiod ignores a policy.
const IGNORE: &str = "istio.io/ignore-policy-attachment";

impl BackendTlsPolicies {
    pub(super) fn new(resources: &[&Resource], settings: &Settings) -> Self {
        let mut all = Self::default();
        let is_backend = |it: &&&Resource| matches!(it.kind, Kind::Service | Kind::ServiceEntry);
        let place = |it: &&Resource| (it.kind.name(), settings.namespace_of(it).to_owned(), it.name().to_owned());
        let mut backends: HashMap<(&str, String, String), &Resource> = HashMap::new();
        for &backend in resources.iter().filter(is_backend) {
            backends.entry(place(&backend)).or_insert(backend);
        }
        for resource in resources {
            let Spec::BackendTlsPolicy(policy) = &resource.spec else { continue };
            let is_ignored =
                resource.metadata.annotations.get(IGNORE).is_some_and(|it| it.eq_ignore_ascii_case("true"));
            let Some(validation) = policy.validation.as_ref().filter(|_| !is_ignored) else { continue };
            let of_clients = Arc::new(client_settings(validation));
            let namespace = settings.namespace_of(resource);
            for target in &policy.target_refs {
                let named = (target.kind.text(), namespace.to_owned(), target.name.text().to_owned());
                let backend = backends.get(&named).filter(|it| it.kind.group() == target.group.text());
                let Some(service) = backend else { continue };
                let Some(port) = port(target, service) else { continue };
                let hosts = match &service.spec {
                    Spec::ServiceEntry(entry) => entry.hosts.iter().map(|host| host.value.clone()).collect(),
                    _ => vec![host::expand(service.name(), namespace, &settings.domain).into_owned()],
                };
                for host in hosts {
                    let of_namespace = all.by_host.entry(namespace.to_owned()).or_default();
                    let of_host = of_namespace.entry(host).or_default();
                    of_host.push(PolicyOfTarget { port, settings: Arc::clone(&of_clients) });
                }
            }
        }
        all
    }

    /// The settings for a port of a service.
    pub(super) fn towards(&self, namespace: &str, hostname: &str, port: u32) -> BackendTls<'_> {
        let policies = self.by_host.get(namespace).and_then(|hosts| hosts.get(hostname));
        let first = |wanted: Option<u32>| policies?.iter().find(|it| it.port == wanted).map(|it| &*it.settings);
        BackendTls { of_port: first(Some(port)), of_service: first(None) }
    }
}

/// The settings that istiod derives from the certificates that clients accept (istiod: `BackendTLSPolicyCollection`).
fn client_settings(validation: &BackendValidation) -> ClientTlsSettings {
    ClientTlsSettings {
        mode: Some(Spanned::new(ClientTlsMode::Simple, validation.span)),
        sni: validation.hostname.clone(),
        ..ClientTlsSettings::empty(validation.span)
    }
}

/// The port that a target names; `Some(None)` if it names none. `None` if the port does not exist.
fn port(target: &PolicyTarget, service: &Resource) -> Option<Option<u32>> {
    let Some(section) = target.section_name.filled() else { return Some(None) };
    let number = match &service.spec {
        Spec::Service(spec) => spec.ports.iter().find(|port| port.name.text() == section.as_str())?.port?,
        Spec::ServiceEntry(spec) => spec.ports.iter().find(|port| port.name.text() == section.as_str())?.number?,
        _ => return None,
    };
    Some(Some(number.value))
}
