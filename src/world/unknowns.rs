//! Resources whose names, hosts, labels or namespaces are not known yet, because they have placeholders.
//!
//! A reference that no other resource explains may mean one of them, so it is unchecked.

use std::collections::BTreeSet;

use super::{Gap, Settings};
use crate::load::{Placeholders, Snapshot, Template, is_in_name};
use crate::model::{Kind, Resource, Spec};

/// The kinds that have resources with unknown names, by namespace.
#[derive(Debug, Default)]
pub struct Unknowns {
    placeholders: Placeholders,
    /// The kinds of resources that may be in any namespace, or that may have any host.
    everywhere: BTreeSet<Kind>,
    by_namespace: BTreeSet<(Kind, String)>,
}

/// The kind that stands for all kinds of workloads.
const WORKLOAD: Kind = Kind::Pod;

impl Unknowns {
    pub(super) fn new(snapshot: &Snapshot, settings: &Settings) -> Self {
        let mut unknowns = Self { placeholders: snapshot.placeholders.clone(), ..Self::default() };
        if !snapshot.placeholders.is_empty() {
            snapshot.resources.iter().for_each(|resource| unknowns.note(resource, settings));
        }
        for (document, template) in &snapshot.templates {
            if matches!(template, Template::Placeholder(_)) {
                unknowns.note_template(snapshot.sources.text(*document));
            }
        }
        unknowns
    }

    fn note(&mut self, resource: &Resource, settings: &Settings) {
        let placeholders = &self.placeholders;
        let labels = match resource.spec.pod_template() {
            Some(template) => template.metadata.as_ref().map(|metadata| &metadata.labels),
            None => Some(&resource.metadata.labels),
        };
        let hides_labels = || labels.is_some_and(|labels| placeholders.hide_labels(labels));
        let hides_name = placeholders.hide_name(resource);
        let kind = kind_of(resource);
        let (is_unknown, may_be_anywhere) = match &resource.spec {
            Spec::ServiceEntry(entry) => (false, entry.hosts.iter().any(|host| placeholders.touch(host.span))),
            Spec::DestinationRule(rule) => (placeholders.hide(rule.host.as_ref()), false),
            Spec::AuthorizationPolicy(_) | Spec::RequestAuthentication(_) | Spec::PeerAuthentication(_) => {
                (placeholders.touch(resource.span), false)
            }
            Spec::WorkloadEntry(entry) => (hides_labels() || placeholders.hide_labels(&entry.labels), false),
            _ if kind == WORKLOAD => (hides_labels(), false),
            _ => (hides_name, false),
        };
        let hides_namespace = placeholders.hide_namespace(resource);
        let pod = resource.spec.pod_template().and_then(|template| template.spec.as_ref());
        let hides_account = pod.is_some_and(|pod| placeholders.hide(pod.service_account_name.as_ref()));
        if hides_account && !hides_namespace {
            self.by_namespace.insert((Kind::ServiceAccount, settings.namespace_of(resource).to_owned()));
        }
        if hides_namespace || may_be_anywhere {
            self.everywhere.insert(kind);
        } else if is_unknown {
            self.by_namespace.insert((kind, settings.namespace_of(resource).to_owned()));
        }
    }

    /// Notes the resource of a document that is not YAML, by the lines that name its kind and namespace.
    fn note_template(&mut self, text: &str) {
        let value = |line: &str, key: &str| {
            let value = line.strip_prefix(key)?.split(" #").next()?.trim().trim_matches(['"', '\'']);
            (!value.is_empty()).then(|| value.to_owned())
        };
        let Some(kind) = text.lines().find_map(|line| value(line, "kind:")) else { return };
        let metadata = text.lines().skip_while(|line| !line.starts_with("metadata:")).skip(1);
        let metadata = metadata.take_while(|line| line.starts_with([' ', '#']) || line.is_empty());
        let namespace = metadata.clone().find_map(|line| value(line.trim_start(), "namespace:"));
        let is_known = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        for known in Kind::ALL.iter().filter(|known| known.name() == kind) {
            let known = normalized(*known);
            match &namespace {
                Some(namespace) if is_known(namespace) && known != Kind::ServiceEntry => {
                    self.by_namespace.insert((known, namespace.clone()));
                }
                // A kustomization can set the namespace.
                _ => drop(self.everywhere.insert(known)),
            }
        }
    }

    /// The values that are unknown.
    pub fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    /// Whether a resource of a kind and namespace that the manifests lack may be one whose name is unknown. The error is the
    /// reason why a reference to it is unchecked.
    pub fn expect(&self, kind: Kind, namespace: &str) -> Result<(), Gap> {
        let kind = normalized(kind);
        if self.everywhere.contains(&kind) {
            return Err(Gap::Placeholders(kind, None));
        }
        if self.by_namespace.contains(&(kind, namespace.to_owned())) {
            return Err(Gap::Placeholders(kind, Some(namespace.to_owned())));
        }
        if !self.placeholders.is_empty() && is_in_name(namespace) {
            return Err(Gap::PlaceholderAsNamespace(namespace.to_owned()));
        }
        Ok(())
    }

    /// [`Self::expect`], for a resource in any namespace.
    pub fn expect_anywhere(&self, kind: Kind) -> Result<(), Gap> {
        let kind = normalized(kind);
        let namespace = self.by_namespace.iter().find(|(known, _)| *known == kind).map(|(_, namespace)| namespace);
        match namespace {
            _ if self.everywhere.contains(&kind) => Err(Gap::Placeholders(kind, None)),
            Some(namespace) => Err(Gap::Placeholders(kind, Some(namespace.clone()))),
            None => Ok(()),
        }
    }

    /// [`Self::expect`], for a workload.
    pub fn expect_workloads(&self, namespace: &str) -> Result<(), Gap> {
        self.expect(WORKLOAD, namespace)
    }

    /// Decides by a reason why something is missing whether it may be one of the resources with unknown names.
    pub(super) fn expect_instead_of(&self, gap: &Gap) -> Result<(), Gap> {
        match gap {
            Gap::NoResources(kind, namespace)
            | Gap::NoOtherResources(kind, namespace)
            | Gap::NotAllResources(kind, namespace) => self.expect(*kind, namespace),
            Gap::NoneOfKind(kind) | Gap::NotAllOfKind(kind) => self.expect_anywhere(*kind),
            Gap::NoWorkloads(namespace) | Gap::NotAllWorkloads(namespace) => self.expect(WORKLOAD, namespace),
            Gap::NotAllWorkloadsOfMesh => self.expect_anywhere(WORKLOAD),
            Gap::NoCertificates(namespace) => self.expect(Kind::Secret, namespace),
            _ => Ok(()),
        }
    }

    /// Whether the part of a resource that references lead to has unknown values: the ports of a service, the servers of a
    /// Gateway, the host and the subsets of a DestinationRule.
    pub fn hide_target(&self, resource: &Resource) -> bool {
        let placeholders = &self.placeholders;
        if placeholders.is_empty() {
            return false;
        }
        match &resource.spec {
            Spec::Service(service) => match service.ports.as_slice() {
                [] => placeholders.touch(service.span),
                ports => ports.iter().any(|port| placeholders.touch(port.span)),
            },
            Spec::ServiceEntry(entry) => match entry.ports.as_slice() {
                [] => placeholders.touch(entry.span),
                ports => ports.iter().any(|port| placeholders.touch(port.span)),
            },
            Spec::Gateway(gateway) => match gateway.servers.as_slice() {
                [] => placeholders.touch(gateway.span),
                servers => servers.iter().any(|server| placeholders.touch(server.span)),
            },
            // The addresses name the Services in front of the listeners.
            Spec::KubernetesGateway(gateway) => {
                gateway.listeners.iter().any(|it| placeholders.touch(it.span))
                    || gateway.addresses.iter().any(|it| placeholders.touch(it.span))
            }
            Spec::ListenerSet(set) => set.listeners.iter().any(|it| placeholders.touch(it.span)),
            Spec::DestinationRule(rule) => {
                placeholders.hide(rule.host.as_ref())
                    || match rule.subsets.as_slice() {
                        [] => placeholders.touch(rule.span),
                        subsets => subsets.iter().any(|subset| placeholders.hide(subset.name.as_ref())),
                    }
            }
            _ => false,
        }
    }
}

fn kind_of(resource: &Resource) -> Kind {
    match resource.spec.pod_template() {
        Some(_) => WORKLOAD,
        None => normalized(resource.kind),
    }
}

fn normalized(kind: Kind) -> Kind {
    match kind {
        Kind::WorkloadEntry
        | Kind::WorkloadGroup
        | Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::Job
        | Kind::CronJob
        | Kind::Rollout => WORKLOAD,
        kind => kind,
    }
}
