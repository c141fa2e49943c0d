//! The Secrets that servers of Gateways refer to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gateway, Settings, World};
use crate::model::kubernetes::{Secret, SecretForm};
use crate::model::networking::ServerTlsSettings;
use crate::model::{Resource, Spec};
use crate::source::Spanned;

/// The Secrets by namespace and name.
#[derive(Debug, Default)]
pub struct Secrets<'a> {
    by_namespace: BTreeMap<String, BTreeMap<&'a str, (&'a Resource, &'a Secret)>>,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let mut secrets = Self::default();
        for &resource in resources {
            if let Spec::Secret(secret) = &resource.spec {
                let of_namespace = secrets.by_namespace.entry(settings.namespace_of(resource).to_owned()).or_default();
                of_namespace.insert(resource.name(), (resource, secret));
            }
        }
        secrets
    }

    /// The Secret of that name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<(&'a Resource, &'a Secret)> {
        self.by_namespace.get(namespace)?.get(name).copied()
    }

    /// The namespace of the Secrets of that name, if there is only one.
    pub fn only_namespace_of(&self, name: &str) -> Option<&str> {
        let mut namespaces = self.by_namespace.iter().filter(|(_, secrets)| secrets.contains_key(name));
        let (only, _) = namespaces.next()?;
        namespaces.next().is_none().then_some(only)
    }

    /// The names of the Secrets of a namespace that hold certificates. Other Secrets do not show where certificates are
    /// kept, because many of them are created in the cluster.
    pub fn with_certificates(&self, namespace: &str) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        let holds = |secret: &Secret| {
            secret.keys().any(|key| secret.get(key).is_some_and(|form| form == SecretForm::Certificate))
                || secret.get(TLS_PAIR[0]).is_some()
        };
        let of_namespace = self.by_namespace.get(namespace).into_iter().flatten();
        of_namespace.filter(move |(_, (_, secret))| holds(secret)).map(|(name, _)| *name)
    }
}

/// The keys of a certificate and its private key in Secrets of type `kubernetes.io/tls`.
pub const TLS_PAIR: [&str; 2] = ["tls.crt", "tls.key"];

/// The keys of a certificate and its private key in other Secrets. They take precedence.
pub const GENERIC_PAIR: [&str; 2] = ["cert", "key"];

/// A credential that a server refers to.
#[derive(Debug)]
pub struct Credential<'w, 'a> {
    /// The Gateway.
    pub gateway: &'w Gateway<'a>,
    /// The TLS settings that name it.
    pub tls: &'w ServerTlsSettings,
    /// The credential as written.
    pub written: &'w Spanned<String>,
    /// The name of the Secret.
    pub name: &'w str,
    /// The namespaces that need the Secret: those of the gateway workloads. Empty if the manifests have no such
    /// workload.
    pub namespaces: BTreeSet<&'w str>,
}

impl<'a> World<'a> {
    /// All credentials of the servers' own certificates that refer to Kubernetes Secrets.
    pub fn credentials(&self) -> Vec<Credential<'_, 'a>> {
        let mut found = Vec::new();
        for gateway in self.gateways.iter().chain(&self.derived.gateways) {
            let mut namespaces: Option<BTreeSet<&str>> = None;
            let servers = gateway.servers.iter().filter(|server| server.has_own_certificate());
            for tls in servers.filter_map(|server| server.spec.tls.as_ref()) {
                for written in tls.credential_name.iter().chain(&tls.credential_names).filter(|name| !name.is_empty()) {
                    let of_workloads = || {
                        let workloads = self.workloads_of_gateway(gateway);
                        workloads.map(|workload| workload.name.namespace.as_ref()).collect()
                    };
                    let namespaces = namespaces.get_or_insert_with(of_workloads);
                    let Some((namespace, name)) = secret(written) else { continue };
                    let namespaces = namespace.map_or_else(|| namespaces.clone(), |only| BTreeSet::from([only]));
                    found.push(Credential { gateway, tls, written, name, namespaces });
                }
            }
        }
        found
    }
}

/// The namespace, if any, and the name of the Secret that a credential name refers to (istiod: `ParseResourceName`).
/// `None` if it refers to something else.
fn secret(written: &str) -> Option<(Option<&str>, &str)> {
    let name = match written.split_once("://") {
        Some(("kubernetes" | "kubernetes-gateway", name)) => name,
        Some(_) => return None,
        None => written,
    };
    Some(match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, name),
    })
}
