//! Gateways that open ports of the same workloads.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gateway, World};
use crate::model::LabelSet;

/// Gateways grouped by the workloads whose ports they open, and the pairs of groups that have workloads in common.
#[derive(Debug)]
pub struct GatewayGroups {
    group_of: Vec<usize>,
    overlapping: BTreeSet<(usize, usize)>,
}

/// The criterion for the workloads that a Gateway applies to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum WorkloadScope<'g> {
    Labels(LabelSet<'g>),
    /// The Services that the Gateway belongs to.
    Services(&'g [String]),
}

impl GatewayGroups {
    /// Groups Gateways, which are identified by their index from here on.
    pub fn new(world: &World<'_>, gateways: &[&Gateway<'_>]) -> Self {
        let mut groups: BTreeMap<WorkloadScope<'_>, usize> = BTreeMap::new();
        let mut group_of = Vec::new();
        for gateway in gateways {
            let scope = match gateway.services.as_slice() {
                [] => WorkloadScope::Labels(gateway.spec.selector.to_set()),
                services => WorkloadScope::Services(services),
            };
            let next = groups.len();
            group_of.push(*groups.entry(scope).or_insert(next));
        }
        let mut overlapping = BTreeSet::new();
        for (index, (a, group)) in groups.iter().enumerate() {
            for (b, other) in groups.iter().skip(index) {
                if group == other || a.meets(b, world) {
                    overlapping.extend([(*group, *other), (*other, *group)]);
                }
            }
        }
        Self { group_of, overlapping }
    }

    /// Whether two of the Gateways open ports of the same workload.
    pub fn meet(&self, a: usize, b: usize) -> bool {
        self.overlapping.contains(&(self.group_of[a], self.group_of[b]))
    }
}

impl WorkloadScope<'_> {
    /// Whether a workload belongs to both: one of the manifests, or, if one selector includes the other, any workload
    /// with all of these labels.
    fn meets(&self, other: &Self, world: &World<'_>) -> bool {
        match (self, other) {
            (Self::Labels(a), Self::Labels(b)) => {
                let includes = |wide: &LabelSet<'_>, narrow: &LabelSet<'_>| {
                    wide.iter().all(|(key, value)| narrow.get(key) == Some(value))
                };
                includes(a, b)
                    || includes(b, a)
                    || world.workloads.iter().any(|it| includes(a, &it.labels) && includes(b, &it.labels))
            }
            (Self::Services(a), Self::Services(b)) => a.iter().any(|service| b.contains(service)),
            // A Gateway API Gateway usually has a workload to itself.
            _ => false,
        }
    }
}
