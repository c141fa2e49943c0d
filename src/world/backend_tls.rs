//! BackendTLSPolicies: TLS that clients originate to a service or to one of its ports.

use std::collections::BTreeMap;

use super::{Settings, host};
use crate::model::field::TextField;
use crate::model::gateway_api::PolicyTarget;
use crate::model::networking::ClientTlsSettings;
use crate::model::{Kind, Resource, Spec};

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
pub(super) struct BackendTlsPolicies<'a> {
    by_host: BTreeMap<String, BTreeMap<String, Vec<PolicyOfTarget<'a>>>>,
}

#[derive(Debug)]
struct PolicyOfTarget<'a> {
    /// The number of the port; `None` for all ports.
    port: Option<u32>,
    settings: &'a ClientTlsSettings,
}

/// The annotation with which istiod ignores a policy.
const IGNORE: &str = "istio.io/ignore-policy-attachment";

impl<'a> BackendTlsPolicies<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let mut all = Self::default();
        for resource in resources {
            let Spec::BackendTlsPolicy(policy) = &resource.spec else { continue };
            let is_ignored =
                resource.metadata.annotations.get(IGNORE).is_some_and(|it| it.eq_ignore_ascii_case("true"));
            let Some(validation) = policy.validation.as_ref().filter(|_| !is_ignored) else { continue };
            let namespace = settings.namespace_of(resource);
            for target in &policy.target_refs {
                let own = |it: &&&Resource| settings.namespace_of(it) == namespace && is_target(target, it);
                let Some(service) = resources.iter().find(own) else { continue };
                let Some(port) = port(target, service) else { continue };
                let hosts = match &service.spec {
                    Spec::ServiceEntry(entry) => entry.hosts.iter().map(|host| host.value.clone()).collect(),
                    _ => vec![host::expand(service.name(), namespace, &settings.domain).into_owned()],
                };
                for host in hosts {
                    let of_namespace = all.by_host.entry(namespace.to_owned()).or_default();
                    let of_host = of_namespace.entry(host).or_default();
                    of_host.push(PolicyOfTarget { port, settings: &validation.settings });
                }
            }
        }
        all
    }

    /// The settings for a port of a service.
    pub(super) fn towards(&self, namespace: &str, hostname: &str, port: u32) -> BackendTls<'a> {
        let policies = self.by_host.get(namespace).and_then(|hosts| hosts.get(hostname));
        let first = |wanted: Option<u32>| policies?.iter().find(|it| it.port == wanted).map(|it| it.settings);
        BackendTls { of_port: first(Some(port)), of_service: first(None) }
    }
}

fn is_target(target: &PolicyTarget, resource: &Resource) -> bool {
    matches!(resource.kind, Kind::Service | Kind::ServiceEntry)
        && target.kind.text() == resource.kind.name()
        && target.group.text() == resource.kind.group()
        && target.name.text() == resource.name()
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
