//! The resources that the manifests can be expected to define completely.

use std::collections::BTreeSet;

use super::{Gap, Gateway, Registry, Settings, Unknowns, Workload};
use crate::config::InventoryMode;
use crate::model::{Kind, Resource};

/// The completeness of the manifests. They often have only a part of the resources in the cluster. So a missing resource is
/// a mistake only if the manifests have others of its kind in the namespace: then they count as complete for that kind and
/// namespace. With `inventory` in `.mesh.yaml`, the user declares that they are complete everywhere, or nowhere.
#[derive(Debug)]
pub struct Inventory {
    mode: Option<InventoryMode>,
    services: BTreeSet<String>,
    service_entries: BTreeSet<String>,
    workloads: BTreeSet<String>,
    gateways: BTreeSet<String>,
    service_accounts: BTreeSet<String>,
    namespaces: bool,
    /// The resources whose names are not known yet.
    pub unknowns: Unknowns,
}

impl Inventory {
    pub(super) fn new(
        resources: &[&Resource],
        services: &Registry<'_>,
        workloads: &[Workload<'_>],
        gateways: &[Gateway<'_>],
        settings: &Settings,
        unknowns: Unknowns,
    ) -> Self {
        let of_kind = |kind| resources.iter().filter(move |resource| resource.kind == kind);
        let namespaces_of = |kubernetes: bool| {
            let of_api = services.iter().filter(move |service| service.is_kubernetes() == kubernetes);
            of_api.map(|service| service.namespace.clone()).collect()
        };
        Self {
            mode: settings.inventory,
            services: namespaces_of(true),
            service_entries: namespaces_of(false),
            // A WorkloadGroup does not show that the pods of its namespace are here.
            workloads: workloads
                .iter()
                .filter(|workload| workload.resource.kind != Kind::WorkloadGroup)
                .map(|workload| workload.name.namespace.to_string())
                .collect(),
            gateways: gateways.iter().map(|gateway| gateway.name.namespace.to_string()).collect(),
            service_accounts: of_kind(Kind::ServiceAccount).map(|it| settings.namespace_of(it).to_owned()).collect(),
            namespaces: of_kind(Kind::Namespace).next().is_some(),
            unknowns,
        }
    }

    /// Whether the user declares the manifests to be complete.
    pub fn is_complete(&self) -> bool {
        self.mode == Some(InventoryMode::Complete)
    }

    /// Whether the user declares that the manifests have only a part of the resources in the cluster.
    pub fn is_partial(&self) -> bool {
        self.mode == Some(InventoryMode::Partial)
    }

    /// Whether something that the manifests lack does not exist. `any` says whether they define others like it, in whose
    /// company it would be expected; `gap` is the reason if they do not.
    pub fn expect(&self, any: bool, gap: Gap) -> Result<(), Gap> {
        self.unknowns.expect_instead_of(&gap)?;
        match self.mode {
            Some(InventoryMode::Complete) => Ok(()),
            None if any => Ok(()),
            None | Some(InventoryMode::Partial) => Err(gap),
        }
    }

    /// The reason why the manifests may have something that they seem to lack: the user declares that they have only a part
    /// of it, which `gap` says, or some of it has placeholders.
    pub fn may_lack(&self, gap: Gap) -> Option<Gap> {
        self.unknowns.expect_instead_of(&gap).err().or(self.is_partial().then_some(gap))
    }

    fn expect_in(&self, kind: Kind, namespaces: &BTreeSet<String>, namespace: &str) -> Result<(), Gap> {
        let any = namespaces.contains(namespace);
        let gap = if any { Gap::NotAllResources } else { Gap::NoResources };
        self.expect(any, gap(kind, namespace.to_owned()))
    }

    /// Whether a Service of a namespace that the manifests lack does not exist.
    pub fn services(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_in(Kind::Service, &self.services, namespace)
    }

    /// Whether a ServiceEntry of a namespace that the manifests lack does not exist.
    pub fn service_entries(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_in(Kind::ServiceEntry, &self.service_entries, namespace)
    }

    /// Whether a Gateway of a namespace that the manifests lack does not exist.
    pub fn gateways(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_in(Kind::Gateway, &self.gateways, namespace)
    }

    /// Whether a ServiceAccount of a namespace that the manifests lack does not exist.
    pub fn service_accounts(&self, namespace: &str) -> Result<(), Gap> {
        self.expect_in(Kind::ServiceAccount, &self.service_accounts, namespace)
    }

    /// Whether a workload of a namespace that the manifests lack does not exist.
    pub fn workloads(&self, namespace: &str) -> Result<(), Gap> {
        let any = self.workloads.contains(namespace);
        let gap = if any { Gap::NotAllWorkloads } else { Gap::NoWorkloads };
        self.expect(any, gap(namespace.to_owned()))
    }

    /// Whether a Namespace that the manifests lack does not exist.
    pub fn namespaces(&self) -> Result<(), Gap> {
        let gap = if self.namespaces { Gap::NotAllOfKind } else { Gap::NoneOfKind };
        self.expect(self.namespaces, gap(Kind::Namespace))
    }

    /// Whether the manifests define a Service, or no Service exists.
    pub fn knows_services(&self) -> bool {
        self.is_complete() || !self.services.is_empty()
    }
}
