//! Labels that istiod adds to endpoints: from the Node, the `locality` of a WorkloadEntry, and the cluster (istiod:
//! `AugmentLabels`). It never adds an empty value.

use super::Workload;
use crate::model::field::TextField;
use crate::model::networking::WorkloadEntry;
use crate::model::{LabelSet, Labels};

const REGION: &str = "topology.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";
const SUBZONE: &str = "topology.istio.io/subzone";
const NETWORK: &str = "topology.istio.io/network";
const CLUSTER: &str = "topology.istio.io/cluster";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Whether istiod can add the label to an endpoint.
pub fn is_added_label(key: &str) -> bool {
    [HOSTNAME, CLUSTER, NETWORK, SUBZONE, REGION, ZONE].contains(&key)
}

/// Whether a selector selects an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on labels that the manifests do not show.
    Possibly,
}

impl Workload<'_> {
    /// Whether the labels of a subset select its pods, or its machine.
    pub fn is_selected_as_endpoint(&self, subset: &Labels) -> Selected {
        // A Pod that has an address and no node is not in a cluster.
        let has_no_node = self.address().is_some() && self.pod.is_none_or(|pod| pod.node_name.is_none());
        match self.entry() {
            Some(entry) => selected(subset, &with_locality(self.labels.clone(), entry), true),
            None => selected(subset, &self.labels, has_no_node),
        }
    }
}

/// Whether the labels of a subset select an endpoint of a ServiceEntry.
pub fn is_endpoint_selected(entry: &WorkloadEntry, subset: &Labels) -> Selected {
    selected(subset, &with_locality(entry.labels.to_set(), entry), true)
}

fn with_locality<'e>(mut labels: LabelSet<'e>, entry: &'e WorkloadEntry) -> LabelSet<'e> {
    let parts = entry.locality.text().splitn(3, '/').zip([REGION, ZONE, SUBZONE]);
    labels.extend(parts.filter(|(part, _)| !part.is_empty()).map(|(part, key)| (key, part)));
    if let Some(network) = entry.network.filled() {
        labels.entry(NETWORK).or_insert(network);
    }
    labels
}

/// `is_placed` says that the labels of its place are known. The cluster is never known.
fn selected(subset: &Labels, labels: &LabelSet<'_>, is_placed: bool) -> Selected {
    let mut all = Selected::Yes;
    for (key, value) in subset.iter() {
        match labels.get(key.as_str()) {
            Some(own) if *own == value.as_str() => {}
            None if is_added_label(key) && !value.is_empty() && !(is_placed && key.as_str() != CLUSTER) => {
                all = Selected::Possibly
            }
            _ => return Selected::No,
        }
    }
    all
}
