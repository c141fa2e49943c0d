//! What the manifests can be expected to hold completely.

use std::collections::BTreeSet;

use super::{Gateway, Registry, Settings, Workload};
use crate::config::InventoryMode;
use crate::model::{Kind, Resource};

/// Manifests are often a part of what is in the cluster. A missing thing is a mistake only where others of its sort
/// are present: then the manifests hold the inventory of that namespace. The user may know better: that they are all
/// there is, or a part in every namespace.
#[derive(Debug)]
pub struct Inventory {
    mode: Option<InventoryMode>,
    services: BTreeSet<String>,
    entries: BTreeSet<String>,
    workloads: BTreeSet<String>,
    gateways: BTreeSet<String>,
    service_accounts: BTreeSet<String>,
    namespaces: bool,
}

impl Inventory {
    pub(super) fn new(
        resources: &[&Resource],
        services: &Registry<'_>,
        workloads: &[Workload<'_>],
        gateways: &[Gateway<'_>],
        settings: &Settings,
    ) -> Self {
        let of_kind = |kind| resources.iter().filter(move |resource| resource.kind == kind);
        let namespaces_of = |kubernetes: bool| {
            let wanted = services.iter().filter(move |service| service.is_kubernetes() == kubernetes);
            wanted.map(|service| service.namespace.clone()).collect()
        };
        Self {
            mode: settings.inventory,
            services: namespaces_of(true),
            entries: namespaces_of(false),
            // The machines of a WorkloadGroup say nothing of the pods beside them.
            workloads: workloads
                .iter()
                .filter(|workload| workload.resource.kind != Kind::WorkloadGroup)
                .map(|workload| workload.name.namespace.to_string())
                .collect(),
            gateways: gateways.iter().map(|gateway| gateway.name.namespace.to_string()).collect(),
            service_accounts: of_kind(Kind::ServiceAccount).map(|it| settings.namespace_of(it).to_owned()).collect(),
            namespaces: of_kind(Kind::Namespace).next().is_some(),
        }
    }

    /// Whether the manifests are all there is, by the word of the user.
    pub fn is_complete(&self) -> bool {
        self.mode == Some(InventoryMode::Complete)
    }

    /// Whether the manifests are a part of what there is, by the word of the user.
    pub fn is_partial(&self) -> bool {
        self.mode == Some(InventoryMode::Partial)
    }

    /// Whether the manifests hold what there is of some sort in a namespace, if they hold any of it as told.
    fn holds(&self, any: bool) -> bool {
        match self.mode {
            Some(InventoryMode::Complete) => true,
            Some(InventoryMode::Partial) => false,
            None => any,
        }
    }

    /// Whether the Services of a namespace are among the manifests.
    pub fn has_services(&self, namespace: &str) -> bool {
        self.holds(self.services.contains(namespace))
    }

    /// Whether any Service is among the manifests, or none exists.
    pub fn has_any_service(&self) -> bool {
        self.is_complete() || !self.services.is_empty()
    }

    /// Whether ServiceEntries of a namespace are among the manifests.
    pub fn has_service_entries(&self, namespace: &str) -> bool {
        self.holds(self.entries.contains(namespace))
    }

    /// Whether workloads of a namespace are among the manifests.
    pub fn has_workloads(&self, namespace: &str) -> bool {
        self.holds(self.workloads.contains(namespace))
    }

    /// Whether Gateways of a namespace are among the manifests.
    pub fn has_gateways(&self, namespace: &str) -> bool {
        self.holds(self.gateways.contains(namespace))
    }

    /// Whether the ServiceAccounts of a namespace are among the manifests.
    pub fn has_service_accounts(&self, namespace: &str) -> bool {
        self.holds(self.service_accounts.contains(namespace))
    }

    /// Whether the Namespaces are among the manifests.
    pub fn has_namespaces(&self) -> bool {
        self.holds(self.namespaces)
    }
}
