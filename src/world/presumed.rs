//! The data planes of workloads and clients, where the manifests leave them open.
//!
//! Namespaces are often labelled by other means than manifests. So a workload is presumed to have a sidecar, unless the
//! manifests show that it has none.

use super::namespace::PodMetadata;
use super::{DataPlane, Workload, World};
use crate::model::{Kind, LabelSet};

/// The data plane of a client.
#[derive(Debug, Clone, Copy)]
pub struct ClientDataPlane<'w, 'a> {
    /// The data plane.
    pub data_plane: DataPlane,
    /// A workload of the manifests that the description of the client fits; `None` without one.
    pub workload: Option<&'w Workload<'a>>,
}

impl<'a> World<'a> {
    /// The data plane of a workload. It is a sidecar unless the manifests show that it is not: the pods or their Namespace
    /// opt out or are ambient, or the Namespace has no label for injection although others have one.
    pub fn presumed_data_plane(&self, workload: &Workload<'_>) -> DataPlane {
        if workload.pod.is_none() {
            return if workload.has_sidecar { DataPlane::Sidecar } else { DataPlane::None };
        }
        match self.namespaces.data_plane(workload) {
            None | Some(DataPlane::None) if self.namespaces.opts_out(workload) => DataPlane::None,
            Some(DataPlane::None) if self.may_be_injected(workload) => DataPlane::Sidecar,
            Some(known) => known,
            None => DataPlane::Sidecar,
        }
    }

    /// Whether a workload in a Namespace without a label for injection may have a sidecar all the same.
    fn may_be_injected(&self, workload: &Workload<'_>) -> bool {
        let (namespace, resource) = (workload.name.namespace.as_ref(), workload.resource);
        let own = || self.inventory.may_inject(resource.kind, namespace, resource.name());
        !self.namespaces.shows_data_planes() || own().is_some() || self.may_label(namespace)
    }

    /// Whether another mesh of the repository has the Namespace with a label for injection.
    fn may_label(&self, namespace: &str) -> bool {
        self.inventory.may_inject(Kind::Namespace, "", namespace).is_some()
    }

    /// The data plane of a client by its namespace and labels: that of the workloads that have the labels, else that of the
    /// Namespace. If they disagree, the client is presumed to have a sidecar.
    pub fn data_plane_of_client<'w>(&'w self, namespace: &str, labels: &LabelSet<'_>) -> ClientDataPlane<'w, 'a> {
        if let Some(workload) = self.workload_with(namespace, labels).filter(|it| !self.is_gateway_workload(it)) {
            // A machine may have a sidecar without the label that says so.
            if workload.pod.is_none() {
                return ClientDataPlane { data_plane: DataPlane::Sidecar, workload: Some(workload) };
            }
            let has_labels =
                |other: &&Workload<'_>| labels.iter().all(|(key, value)| other.labels.get(key) == Some(value));
            let first = self.presumed_data_plane(workload);
            let is_sure = workload.labels == *labels
                || self.workloads_in(namespace).filter(has_labels).all(|it| self.presumed_data_plane(it) == first);
            let data_plane = if is_sure { first } else { DataPlane::Sidecar };
            return ClientDataPlane { data_plane, workload: Some(workload) };
        }
        ClientDataPlane { data_plane: self.data_plane_of_labels(namespace, labels), workload: None }
    }

    /// The data plane of pods that are not among the manifests, by the same rules as that of a workload.
    fn data_plane_of_labels(&self, namespace: &str, labels: &LabelSet<'_>) -> DataPlane {
        let pods = PodMetadata { namespace, labels, annotations: &LabelSet::new() };
        match self.namespaces.data_plane_of_pods(&pods) {
            None | Some(DataPlane::None) if self.namespaces.excludes(&pods) => DataPlane::None,
            None => DataPlane::Sidecar,
            // Perhaps other means label the Namespace, or its pods ask for a sidecar themselves.
            Some(DataPlane::None) => {
                let mut others = self.workloads_in(namespace).map(|workload| self.presumed_data_plane(workload));
                let is_open = !self.namespaces.shows_data_planes()
                    || self.may_label(namespace)
                    || others.any(|other| other != DataPlane::None);
                if is_open { DataPlane::Sidecar } else { DataPlane::None }
            }
            Some(known) => known,
        }
    }
}
