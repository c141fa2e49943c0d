//! DestinationRules: the merging of those with the same host, and the one that applies to a client.

use std::collections::BTreeMap;

use super::names::NamespacedName;
use super::visibility::ExportTo;
use super::{Service, Settings, host};
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
    export_to: ExportTo,
    namespace: String,
}

impl MergedRule {
    /// Whether it is exported to its own namespace only.
    fn is_private(&self) -> bool {
        matches!(&self.export_to, ExportTo::Namespaces(listed) if listed.len() == 1 && listed.contains(&self.namespace))
    }
}

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
    merged: BTreeMap<String, BTreeMap<String, Vec<MergedRule>>>,
    root_namespace: String,
}

impl<'a> DestinationRules<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let destination_rules: Vec<_> = resources.iter().filter_map(|resource| resolve(resource, settings)).collect();
        let mut merged: BTreeMap<String, BTreeMap<String, Vec<MergedRule>>> = BTreeMap::new();
        // DestinationRules with a selector come first (istiod: `mergeDestinationRule`).
        let mut order: Vec<usize> = (0..destination_rules.len()).collect();
        order.sort_by_key(|&index| destination_rules[index].selector().is_none());
        for index in order {
            let destination_rule = &destination_rules[index];
            let of_namespace = merged.entry(destination_rule.name.namespace.to_string()).or_default();
            let of_host = of_namespace.entry(destination_rule.host.value.clone()).or_default();
            match of_host.iter_mut().find(|other| destination_rule.merges_with(&destination_rules[other.parts[0]])) {
                Some(other) => other.parts.push(index),
                None => of_host.push(MergedRule {
                    parts: vec![index],
                    export_to: destination_rule.export_to.clone(),
                    namespace: destination_rule.name.namespace.to_string(),
                }),
            }
        }
        Self { destination_rules, merged, root_namespace: settings.root_namespace.clone() }
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

    /// The DestinationRules with a workload selector that hide those of the service from clients in a namespace: istiod
    /// looks no further than them, whether or not they select the client. Empty if any client uses another one.
    pub fn hiding(&self, client: &str, service_namespace: &str, hostname: &str) -> Vec<&DestinationRule<'a>> {
        let candidates = self.candidates(client, service_namespace, hostname).map(|(_, found)| found);
        let rules: Vec<_> = candidates.into_iter().flatten().flat_map(|it| self.parts(it)).collect();
        if rules.iter().all(|it| it.selector().is_some()) { rules } else { Vec::new() }
    }

    /// The DestinationRules among which a client chooses, and whether they are in its own namespace.
    fn candidates(&self, client: &str, service_namespace: &str, hostname: &str) -> Option<(bool, Vec<&MergedRule>)> {
        let own = |merged: &MergedRule| {
            // A DestinationRule that is not exported to its own namespace does not apply there. In the root namespace,
            // only private ones do.
            if client == self.root_namespace { merged.is_private() } else { merged.export_to.includes(client) }
        };
        if let Some(found) = self.most_specific(client, hostname, own) {
            return Some((true, found));
        }
        // Private DestinationRules of other namespaces are invisible. Of the rest, istiod selects the host before it
        // checks `exportTo`, and does not fall back to a wider host.
        let exported = |namespace: &str| {
            let mut found = self.most_specific(namespace, hostname, |merged| !merged.is_private())?;
            found.retain(|merged| merged.export_to.includes(client));
            (!found.is_empty()).then_some((namespace == client, found))
        };
        [service_namespace, &self.root_namespace].into_iter().find_map(exported)
    }

    /// The known DestinationRules of the most specific host of a namespace that covers a host name and has any.
    fn most_specific(
        &self,
        namespace: &str,
        hostname: &str,
        known: impl Fn(&MergedRule) -> bool,
    ) -> Option<Vec<&MergedRule>> {
        let of_namespace = self.merged.get(namespace)?;
        let has_known = |host: &&str| of_namespace[*host].iter().any(&known);
        // A plain name is more specific than every wildcard. Wildcards are adjacent in the map, at their asterisk.
        let plain = of_namespace.get_key_value(hostname).map(|(host, _)| host.as_str()).filter(has_known);
        let wildcards = || of_namespace.range("*".to_owned().."+".to_owned()).map(|(host, _)| host.as_str());
        let host = plain.or_else(|| host::most_specific(hostname, wildcards().filter(has_known)))?;
        Some(of_namespace[host].iter().filter(|merged| known(merged)).collect())
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

    /// Whether istiod merges two DestinationRules of one host: they are exported to the same namespaces and select the
    /// same workloads.
    fn merges_with(&self, other: &Self) -> bool {
        let same_selector = match (self.selector(), other.selector()) {
            (None, None) => true,
            (Some(a), Some(b)) => a.equals(b),
            _ => false,
        };
        // A missing list means the same as `*`, but istiod does not merge the two forms.
        let same_spelling = self.spec.export_to.is_empty() == other.spec.export_to.is_empty();
        same_selector && same_spelling && self.export_to == other.export_to
    }
}

fn resolve<'a>(resource: &'a Resource, settings: &Settings) -> Option<DestinationRule<'a>> {
    let Spec::DestinationRule(spec) = &resource.spec else { return None };
    let written = spec.host.as_ref()?;
    let namespace = settings.namespace_of(resource).to_owned();
    let exported = spec.export_to.iter().map(|entry| entry.as_str());
    let export_to = match spec.workload_selector {
        Some(_) => ExportTo::new(["."], &namespace, &[]),
        None => ExportTo::new(exported, &namespace, &settings.destination_rule_export_to),
    };
    Some(DestinationRule {
        host: Spanned::new(host::expand(written, &namespace, &settings.domain).into_owned(), written.span),
        name: NamespacedName::new(namespace, resource.name()),
        resource,
        spec,
        export_to,
    })
}
