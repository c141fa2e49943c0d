//! Which Gateways open ports of the same workloads.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gateway, World};
use crate::model::LabelSet;

/// Gateways in groups that open ports of the same workloads, and which of these groups have some in common.
#[derive(Debug)]
pub struct GatewayGroups {
    group_of: Vec<usize>,
    overlapping: BTreeSet<(usize, usize)>,
}

/// What decides which workloads a Gateway is for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach<'g> {
    Labels(LabelSet<'g>),
    /// The Services that it belongs to.
    Services(&'g [String]),
}

impl GatewayGroups {
    /// The groups of some Gateways, which are told by their index.
    pub fn new(world: &World<'_>, gateways: &[&Gateway<'_>]) -> Self {
        let mut groups: BTreeMap<Reach<'_>, usize> = BTreeMap::new();
        let mut group_of = Vec::new();
        for gateway in gateways {
            let reach = match gateway.services.as_slice() {
                [] => Reach::Labels(gateway.spec.selector.to_set()),
                services => Reach::Services(services),
            };
            let next = groups.len();
            group_of.push(*groups.entry(reach).or_insert(next));
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

impl Reach<'_> {
    /// Whether some workload is of both: one that the manifests hold, or any that has the labels of both because one
    /// selector includes the other.
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
            // A Gateway of the Gateway API mostly has a workload of its own.
            _ => false,
        }
    }
}
