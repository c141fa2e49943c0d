//! DestinationRules: the merging of those with the same host, and the one that applies to a client.

use std::collections::{BTreeMap, BTreeSet};

use super::backend_tls::BackendTlsPolicies;
use super::names::NamespacedName;
use super::visibility::ExportTo;
use super::{BackendTls, Service, Settings, host};
use crate::model::networking::{self, ClientTlsSettings, PortSelector, Subset, TrafficPolicy};
use crate::model::{LabelSet, Labels, Resource, Spec};
use crate::source::Spanned;

/// A DestinationRule with its host resolved.
#[derive(Debug)]
pub struct DestinationRule<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// The spec.
    pub spec: &'a networking::DestinationRule,
    /// The full host name, with the place of the field.
    pub host: Spanned<String>,
    /// The namespaces that it is exported to. With a workload selector it is private (istiod: `setDestinationRules`).
    pub export_to: ExportTo,
}

/// The merged DestinationRules of one host in one namespace.
#[derive(Debug)]
pub struct MergedRule {
    /// The DestinationRules that it consists of, as indices of [`DestinationRules::iter`], in order of precedence.
    pub parts: Vec<usize>,
    /// The namespaces that the first one is exported to, as written.
    exports: BTreeSet<String>,
}

/// Merged DestinationRules, by namespace and host.
type ByNamespace = BTreeMap<String, BTreeMap<String, Vec<MergedRule>>>;

/// A subset of merged DestinationRules.
#[derive(Debug, Clone, Copy)]
pub struct MergedSubset<'s, 'a> {
    /// The subset.
    pub subset: &'a Subset,
    /// The DestinationRule that defines it.
    pub rule: &'s DestinationRule<'a>,
}

/// All DestinationRules in creation order, and merged by namespace and host.
#[derive(Debug)]
pub struct DestinationRules<'a> {
    destination_rules: Vec<DestinationRule<'a>>,
    /// Those that proxies of the same namespace find.
    own: ByNamespace,
    /// Those that proxies of other namespaces find.
    exported: ByNamespace,
    /// Those that only proxies of the root namespace find.
    private_in_root: ByNamespace,
    /// All of them, each merged with those that are exported alike and select the same workloads.
    merged: ByNamespace,
    backend_tls: BackendTlsPolicies,
    root_namespace: String,
}

impl<'a> DestinationRules<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let destination_rules = resources.iter().filter_map(|resource| resolve(resource, settings)).collect();
        let mut all = Self {
            destination_rules,
            own: ByNamespace::new(),
            exported: ByNamespace::new(),
            private_in_root: ByNamespace::new(),
            merged: ByNamespace::new(),
            backend_tls: BackendTlsPolicies::new(resources, settings),
            root_namespace: settings.root_namespace.clone(),
        };
        // DestinationRules with a selector come first (istiod: `sortConfigBySelectorAndCreationTime`).
        let mut order: Vec<usize> = (0..all.destination_rules.len()).collect();
        order.sort_by_key(|&index| all.destination_rules[index].selector().is_none());
        for index in order {
            let (rules, rule) = (&all.destination_rules, &all.destination_rules[index]);
            let is_private = rule.is_private();
            if rule.is_for_own_namespace() {
                insert(&mut all.own, rules, index);
            }
            if !is_private {
                insert(&mut all.exported, rules, index);
            } else if rule.name.namespace == all.root_namespace {
                insert(&mut all.private_in_root, rules, index);
            }
            insert_alike(&mut all.merged, rules, index);
        }
        all
    }

    /// All DestinationRules, in creation order.
    pub fn iter(&self) -> impl Iterator<Item = &DestinationRule<'a>> {
        self.destination_rules.iter()
    }

    /// The DestinationRules for a service, of exactly its host or of a wildcard.
    pub fn of_service(&self, service: &Service<'_>) -> impl Iterator<Item = &DestinationRule<'a>> {
        self.iter().filter(|it| it.host.value == service.hostname || host::covered_by(&service.hostname, &it.host))
    }

    /// Whether clients of all namespaces get the same DestinationRules for a service: none is in another namespace than
    /// that of the service and the root namespace, and all are exported to all namespaces.
    pub fn are_same_everywhere(&self, service: &Service<'_>) -> bool {
        self.of_service(service).all(|it| {
            let namespace = it.name.namespace.as_ref();
            let is_found = namespace == service.namespace || namespace == self.root_namespace;
            is_found && it.export_to == ExportTo::Public
        })
    }

    /// A DestinationRule that originates TLS, other than that of the mesh, to a port of a service for some clients.
    pub fn originating(&self, service: &Service<'_>, port: u32) -> Option<&DestinationRule<'a>> {
        let originates = |it: &DestinationRule<'_>| {
            let mut settings = it.tls_settings().into_iter();
            settings.any(|tls| tls.port.is_none_or(|own| own == port) && tls.settings.originates())
        };
        self.of_service(service).find(|it| originates(it))
    }

    /// The merged DestinationRules of a namespace, by host.
    pub fn merged_in(&self, namespace: &str) -> impl Iterator<Item = (&str, &[MergedRule])> {
        let of_namespace = self.merged.get(namespace).into_iter().flatten();
        of_namespace.map(|(host, merged)| (host.as_str(), merged.as_slice()))
    }

    /// The namespaces that have DestinationRules.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.merged.keys().map(String::as_str)
    }

    /// The DestinationRules that were merged, in order of precedence.
    pub fn parts<'s>(&'s self, merged: &'s MergedRule) -> impl Iterator<Item = &'s DestinationRule<'a>> {
        merged.parts.iter().map(|&index| &self.destination_rules[index])
    }

    /// The subsets of merged DestinationRules. Of several with the same name, the first.
    pub fn subsets<'s>(&'s self, merged: &'s MergedRule) -> Vec<MergedSubset<'s, 'a>> {
        let mut subsets: Vec<MergedSubset<'s, 'a>> = Vec::new();
        for destination_rule in self.parts(merged) {
            for subset in &destination_rule.spec.subsets {
                let name = subset.name.as_deref();
                if !subsets.iter().any(|earlier| earlier.subset.name.as_deref() == name) {
                    subsets.push(MergedSubset { subset, rule: destination_rule });
                }
            }
        }
        subsets
    }

    /// The subset of that name.
    pub fn subset<'s>(&'s self, merged: &'s MergedRule, name: &str) -> Option<MergedSubset<'s, 'a>> {
        let wanted = |subset: &MergedSubset<'_, '_>| subset.subset.name.as_ref().is_some_and(|it| it.as_str() == name);
        self.subsets(merged).into_iter().find(wanted)
    }

    /// The traffic policy of merged DestinationRules: that of the first one that has any.
    pub fn traffic_policy(&self, merged: &MergedRule) -> Option<&'a TrafficPolicy> {
        self.parts(merged).find_map(|it| it.spec.traffic_policy.as_ref())
    }

    /// The merged DestinationRule that clients in namespace `client` apply to a service (istiod:
    /// `PushContext.destinationRule`, `SidecarScope.DestinationRule`). istiod takes the DestinationRules of the most
    /// specific host of the client's namespace, else of the service's, else of the root namespace. From the latter two,
    /// only those that are exported to the client. Among them, the client uses one whose workload selector matches its
    /// `labels`, else one without a selector, else none: the namespaces after the first are not looked at. If the
    /// labels are unknown (`None`), no selector matches.
    pub fn applying(
        &self,
        client: &str,
        service_namespace: &str,
        hostname: &str,
        labels: Option<&LabelSet<'_>>,
    ) -> Option<&MergedRule> {
        let (are_own, candidates) = self.candidates(client, service_namespace, hostname)?;
        let selector = |merged: &MergedRule| self.destination_rules[merged.parts[0]].selector();
        let selects = |merged: &&&MergedRule| {
            selector(merged).is_some_and(|selector| labels.is_some_and(|labels| selector.selects(labels)))
        };
        let own = candidates.iter().filter(|_| are_own).find(selects);
        own.or_else(|| candidates.iter().rfind(|merged| selector(merged).is_none())).copied()
    }

    /// The settings of BackendTLSPolicies with which clients in namespace `client` send requests to a port of a service.
    /// `applying` is the DestinationRule that applies to the service: one in another namespace of the client takes the
    /// place of all of the service's namespace.
    pub fn backend_tls(
        &self,
        client: &str,
        (service_namespace, hostname): (&str, &str),
        port: u32,
        applying: Option<&MergedRule>,
    ) -> BackendTls<'_> {
        let namespace = applying.and_then(|merged| self.parts(merged).next()).map(|rule| rule.name.namespace.as_ref());
        match namespace == Some(client) && client != service_namespace {
            true => BackendTls::default(),
            false => self.backend_tls.towards(service_namespace, hostname, port),
        }
    }

    /// The DestinationRules with a workload selector that hide those of the service from clients in a namespace: istiod
    /// looks no further than them, whether or not they select the client. Empty if any client uses another one.
    pub fn hiding(&self, client: &str, service_namespace: &str, hostname: &str) -> Vec<&DestinationRule<'a>> {
        let candidates = self.candidates(client, service_namespace, hostname).map(|(_, found)| found);
        let rules: Vec<_> = candidates.into_iter().flatten().flat_map(|it| self.parts(it)).collect();
        if rules.iter().all(|it| it.selector().is_some()) { rules } else { Vec::new() }
    }

    /// The DestinationRules among which a client chooses, and whether they are in its own namespace.
    fn candidates(&self, client: &str, service_namespace: &str, hostname: &str) -> Option<(bool, Vec<&MergedRule>)> {
        let index = if client == self.root_namespace { &self.private_in_root } else { &self.own };
        if let Some(found) = most_specific(index, client, hostname) {
            return Some((true, found.iter().collect()));
        }
        // istiod selects the host before it checks `exportTo`, and does not fall back to a wider host.
        let exported = |namespace: &str| {
            let found = most_specific(&self.exported, namespace, hostname)?;
            let found: Vec<&MergedRule> = found.iter().filter(|merged| merged.is_exported_to(client)).collect();
            (!found.is_empty()).then_some((namespace == client, found))
        };
        [service_namespace, &self.root_namespace].into_iter().find_map(exported)
    }
}

/// The DestinationRules of the most specific host of a namespace that covers a host name.
fn most_specific<'m>(index: &'m ByNamespace, namespace: &str, hostname: &str) -> Option<&'m [MergedRule]> {
    let of_namespace = index.get(namespace)?;
    // A plain name is more specific than every wildcard. Wildcards are adjacent in the map, at their asterisk.
    let wildcards = || of_namespace.range("*".to_owned().."+".to_owned()).map(|(host, _)| host.as_str());
    let found = of_namespace.get(hostname).or_else(|| of_namespace.get(host::most_specific(hostname, wildcards())?));
    found.map(Vec::as_slice)
}

/// Merges a DestinationRule with those of its host. Rules are merged if they are exported to the same namespaces, or if
/// the new one is exported to more; then istiod keeps it apart from a rule that comes later, too (istiod:
/// `mergeDestinationRule`).
fn insert(index: &mut ByNamespace, all: &[DestinationRule<'_>], added: usize) {
    let rule = &all[added];
    let of_namespace = index.entry(rule.name.namespace.to_string()).or_default();
    let of_host = of_namespace.entry(rule.host.value.clone()).or_default();
    let exports = rule.exports();
    // istiod decides anew for each rule of the host, so the last one counts.
    let mut is_apart = true;
    for merged in of_host.iter_mut() {
        let is_alike = exports == merged.exports;
        is_apart = !is_alike;
        if !is_alike && (merged.exports.is_empty() || !exports.is_superset(&merged.exports)) {
            continue;
        }
        match (rule.selector(), all[merged.parts[0]].selector()) {
            (Some(own), Some(other)) if !own.equals(other) => {
                is_apart = true;
                continue;
            }
            (Some(_), Some(_)) | (None, None) => is_apart = false,
            _ => {}
        }
        merged.parts.push(added);
    }
    if is_apart {
        of_host.push(MergedRule { parts: vec![added], exports });
    }
}

/// Merges a DestinationRule with one of its host that is exported alike and selects the same workloads.
fn insert_alike(index: &mut ByNamespace, all: &[DestinationRule<'_>], added: usize) {
    let rule = &all[added];
    let of_namespace = index.entry(rule.name.namespace.to_string()).or_default();
    let of_host = of_namespace.entry(rule.host.value.clone()).or_default();
    let exports = rule.exports();
    let is_alike = |merged: &&mut MergedRule| match (rule.selector(), all[merged.parts[0]].selector()) {
        (None, None) => merged.exports == exports,
        (Some(own), Some(other)) => own.equals(other),
        _ => false,
    };
    match of_host.iter_mut().find(is_alike) {
        Some(merged) => merged.parts.push(added),
        None => of_host.push(MergedRule { parts: vec![added], exports }),
    }
}

impl MergedRule {
    /// Whether both begin with the same DestinationRule. What istiod merges differs between the clients of the namespace
    /// and others.
    pub fn has_same_first(&self, other: &Self) -> bool {
        self.parts.first() == other.parts.first()
    }

    /// Whether proxies of another namespace find it.
    fn is_exported_to(&self, namespace: &str) -> bool {
        self.exports.is_empty() || self.exports.contains("*") || self.exports.contains(namespace)
    }
}

/// TLS settings of a DestinationRule.
#[derive(Debug, Clone, Copy)]
pub struct ClientTls<'a> {
    /// The settings.
    pub settings: &'a ClientTlsSettings,
    /// The port that they apply to; `None` for all ports without settings.
    pub port: Option<u32>,
}

impl<'a> DestinationRule<'a> {
    /// All TLS settings, including those of subsets, in the order of the file.
    pub fn tls_settings(&self) -> Vec<ClientTls<'a>> {
        let policies =
            self.spec.traffic_policy.iter().chain(self.spec.subsets.iter().filter_map(|it| it.traffic_policy.as_ref()));
        let settings = policies.flat_map(|policy| {
            let of_ports = policy.port_level_settings.iter().filter_map(|of_port| {
                let port = of_port.port.as_ref().and_then(|port| port.number).map(|number| number.value);
                Some(ClientTls { settings: of_port.tls.as_ref()?, port: Some(port.unwrap_or_default()) })
            });
            policy.tls.as_ref().map(|settings| ClientTls { settings, port: None }).into_iter().chain(of_ports)
        });
        settings.collect()
    }

    /// The TLS settings that apply to a port of the host. Settings of the port replace those of the host.
    pub fn tls_of_port(&self, port: u32) -> Option<&'a ClientTlsSettings> {
        let policy = self.spec.traffic_policy.as_ref()?;
        let is_it = |number: Option<&PortSelector>| number.and_then(|it| it.number).is_some_and(|it| it.value == port);
        match policy.port_level_settings.iter().find(|of_port| is_it(of_port.port.as_ref())) {
            Some(of_port) => of_port.tls.as_ref(),
            None => policy.tls.as_ref(),
        }
    }

    /// The labels of the workloads that it applies to; `None` for all workloads of its namespace.
    pub fn selector(&self) -> Option<&Labels> {
        self.spec.workload_selector.as_ref().map(|selector| &selector.match_labels)
    }

    /// The namespaces that it is exported to, as written. With a workload selector it is private.
    fn exports(&self) -> BTreeSet<String> {
        match self.selector() {
            Some(_) => [".".to_owned()].into(),
            None => self.spec.export_to.iter().map(|entry| entry.value.clone()).collect(),
        }
    }

    /// Whether proxies of its own namespace find it. The default of the mesh does not matter.
    fn is_for_own_namespace(&self) -> bool {
        let exports = self.exports();
        exports.is_empty() || ["*", ".", &self.name.namespace].into_iter().any(|entry| exports.contains(entry))
    }

    /// Whether only proxies of its own namespace find it.
    fn is_private(&self) -> bool {
        let exports = self.exports();
        match exports.is_empty() {
            true => self.export_to != ExportTo::Public,
            false => exports.len() == 1 && (exports.contains(".") || exports.contains(self.name.namespace.as_ref())),
        }
    }
}

fn resolve<'a>(resource: &'a Resource, settings: &Settings) -> Option<DestinationRule<'a>> {
    let Spec::DestinationRule(spec) = &resource.spec else { return None };
    let written = spec.host.as_ref()?;
    let namespace = settings.namespace_of(resource).to_owned();
    let exported = spec.export_to.iter().map(|entry| entry.as_str());
    // Of the default, only `.` counts.
    let is_private = settings.destination_rule_export_to.iter().any(|entry| entry == ".");
    let export_to = match spec.workload_selector {
        None if !spec.export_to.is_empty() => ExportTo::new(exported, &namespace, &[]),
        None if !is_private => ExportTo::Public,
        _ => ExportTo::new(["."], &namespace, &[]),
    };
    Some(DestinationRule {
        host: Spanned::new(host::expand(written, &namespace, &settings.domain).into_owned(), written.span),
        name: NamespacedName::new(namespace, resource.name()),
        resource,
        spec,
        export_to,
    })
}
