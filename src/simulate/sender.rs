//! The sender of a request to servers: the proxy of a client, a gateway, or a client without a proxy.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::question::{DirectClient, Question};
use crate::model::field::TextField;
use crate::model::security::Source;
use crate::model::{Spec, label_set};
use crate::policy::Identity;
use crate::routing::{Proxy, Role};
use crate::world::{DataPlane, GATEWAY_NAME_LABEL, NamespacedName, Workload, World};

/// The sender of a request to servers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'q> {
    /// The kind of its proxy.
    pub kind: SenderKind,
    /// Its namespace. Empty if it is not known, as for a gateway that is not among the manifests.
    pub namespace: &'q str,
    /// Its labels.
    pub labels: &'q BTreeMap<String, String>,
    /// Its address, if it is known.
    pub address: Option<IpAddr>,
}

/// The kind of a sender's proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SenderKind {
    /// The sidecar or ztunnel of a client, or none.
    Client(DataPlane),
    /// A gateway.
    Gateway,
}

/// The identities that a sender can have.
pub(super) enum Identities {
    /// The identity is known.
    Known(Identity),
    /// The manifests do not show the service account. One identity that no policy names, and those that policies name.
    Unknown { unnamed: Identity, named: Vec<Identity> },
}

/// Most identities that are tried for a sender of unknown identity.
const MOST_IDENTITIES: usize = 8;

impl<'q> Sender<'q> {
    /// A proxy that routes requests.
    pub fn of(proxy: &'q Proxy<'_>) -> Self {
        let kind = match proxy.role {
            Role::Sidecar(_) => SenderKind::Client(DataPlane::Sidecar),
            Role::Gateway => SenderKind::Gateway,
        };
        let namespace = if proxy.is_placed { proxy.namespace.as_str() } else { "" };
        Self { kind, namespace, labels: &proxy.labels, address: proxy.address }
    }

    /// A client without a proxy that routes requests.
    pub fn of_client(question: &Question<'_, '_>, client: &'q DirectClient<'_, '_>) -> Self {
        Self {
            kind: SenderKind::Client(client.data_plane),
            namespace: &client.namespace,
            labels: client.labels,
            address: question.client.address,
        }
    }

    /// Whether it is a gateway.
    pub fn is_gateway(&self) -> bool {
        self.kind == SenderKind::Gateway
    }

    /// The identities that it can have. `account` is the service account that the request names.
    pub fn identities(&self, world: &World<'_>, account: Option<&str>) -> Identities {
        if let Some(account) = self.managed_account(world) {
            return Identities::Known(identity(world, self.namespace, &account));
        }
        if !self.is_gateway() {
            return Identities::Known(client_identity(world, self.namespace, self.labels, account));
        }
        match world.workload_with(self.namespace, &label_set(self.labels)) {
            Some(workload) => Identities::Known(identity(world, self.namespace, account_of(workload))),
            None => self.unknown_identities(world),
        }
    }

    /// The service account of the workload that istiod runs for a Gateway of the Gateway API.
    fn managed_account(&self, world: &World<'_>) -> Option<String> {
        let gateway = NamespacedName::new(self.namespace, self.labels.get(GATEWAY_NAME_LABEL)?.as_str());
        let resource = world.kubernetes_gateways.get(&gateway)?;
        let Spec::KubernetesGateway(spec) = &resource.spec else { return None };
        let annotation = |name: &str| resource.metadata.annotations.get(name).map(|value| value.value.clone());
        let named =
            annotation("gateway.istio.io/service-account").or_else(|| annotation("gateway.istio.io/name-override"));
        let class = spec.gateway_class_name.text();
        let default = || match class {
            "istio-waypoint" => resource.name().to_owned(),
            class => format!("{}-{class}", resource.name()),
        };
        Some(named.unwrap_or_else(default))
    }

    fn unknown_identities(&self, world: &World<'_>) -> Identities {
        let mut named: Vec<Identity> = Vec::new();
        for written in named_sources(world) {
            let identity = match written {
                Written::Principal(text) => principal(text),
                Written::Account(text) => {
                    text.rsplit_once('/').map(|(namespace, account)| identity(world, namespace, account))
                }
                Written::Namespace(text) => Some(identity(world, text, "")),
            };
            let is_possible = |it: &Identity| {
                let texts = [&it.namespace, &it.service_account];
                (self.namespace.is_empty() || it.namespace == self.namespace)
                    && texts.iter().all(|it| !it.contains('*'))
            };
            if let Some(identity) = identity.filter(is_possible)
                && !named.contains(&identity)
                && named.len() < MOST_IDENTITIES
            {
                named.push(identity);
            }
        }
        Identities::Unknown { unnamed: identity(world, self.namespace, ""), named }
    }
}

/// The service account of a workload.
fn account_of<'w>(workload: &'w Workload<'_>) -> &'w str {
    workload.service_account.unwrap_or("default")
}

/// The identity of a client in a namespace: that of the account that the request names, else that of the workloads that
/// have its labels, if all of them have the same.
pub(super) fn client_identity(
    world: &World<'_>,
    namespace: &str,
    labels: &BTreeMap<String, String>,
    account: Option<&str>,
) -> Identity {
    let labels = label_set(labels);
    let of_workload = || {
        let described = world.workload_with(namespace, &labels)?;
        let has_labels = |it: &&Workload<'_>| labels.iter().all(|(key, value)| it.labels.get(key) == Some(value));
        let is_sure = described.labels == labels
            || world.workloads_in(namespace).filter(has_labels).all(|it| account_of(it) == account_of(described));
        is_sure.then(|| account_of(described))
    };
    identity(world, namespace, account.or_else(of_workload).unwrap_or("default"))
}

/// The identity of a service account of the mesh.
pub(super) fn identity(world: &World<'_>, namespace: &str, account: &str) -> Identity {
    Identity {
        trust_domain: world.settings.trust_domain.clone(),
        namespace: namespace.to_owned(),
        service_account: account.to_owned(),
    }
}

/// `<trust domain>/ns/<namespace>/sa/<service account>`.
fn principal(text: &str) -> Option<Identity> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [trust_domain, "ns", namespace, "sa", account] => Some(Identity {
            trust_domain: (*trust_domain).to_owned(),
            namespace: (*namespace).to_owned(),
            service_account: (*account).to_owned(),
        }),
        _ => None,
    }
}

/// A value of a policy that names clients.
enum Written<'w> {
    Principal(&'w str),
    Account(&'w str),
    Namespace(&'w str),
}

/// The clients that policies name.
fn named_sources<'w>(world: &'w World<'_>) -> impl Iterator<Item = Written<'w>> {
    let rules = world.policies.authorization_policies().iter().flat_map(|policy| &policy.spec.rules);
    rules.flat_map(|rule| {
        let sources = rule.from.iter().filter_map(|from| from.source.as_ref()).flat_map(of_source);
        let conditions = rule.when.iter().flat_map(|condition| {
            let values = condition.values.iter().chain(&condition.not_values).map(|value| value.as_str());
            let key = condition.key.text();
            values.filter_map(move |value| match key {
                "source.principal" => Some(Written::Principal(value)),
                "source.namespace" => Some(Written::Namespace(value)),
                _ => None,
            })
        });
        sources.chain(conditions)
    })
}

fn of_source(source: &Source) -> impl Iterator<Item = Written<'_>> {
    let principals = source.principals.iter().chain(&source.not_principals);
    let accounts = source.service_accounts.iter().chain(&source.not_service_accounts);
    let namespaces = source.namespaces.iter().chain(&source.not_namespaces);
    let principals = principals.map(|value| Written::Principal(value));
    let accounts = accounts.map(|value| Written::Account(value));
    principals.chain(accounts).chain(namespaces.map(|value| Written::Namespace(value)))
}
