//! Workloads by namespace and label, so that a selector need not be held against all of them.

use std::collections::HashMap;

use super::Workload;
use crate::model::Labels;

/// The places in the list of workloads.
#[derive(Debug, Default)]
pub(super) struct WorkloadIndex<'a> {
    namespaces: HashMap<String, OfNamespace<'a>>,
}

#[derive(Debug, Default)]
struct OfNamespace<'a> {
    all: Vec<usize>,
    by_label: HashMap<(&'a str, &'a str), Vec<usize>>,
}

impl<'a> WorkloadIndex<'a> {
    pub(super) fn new(workloads: &[Workload<'a>]) -> Self {
        let mut namespaces: HashMap<String, OfNamespace<'a>> = HashMap::new();
        for (index, workload) in workloads.iter().enumerate() {
            let of_namespace = namespaces.entry(workload.name.namespace.to_string()).or_default();
            of_namespace.all.push(index);
            for (&key, &value) in &workload.labels {
                of_namespace.by_label.entry((key, value)).or_default().push(index);
            }
        }
        Self { namespaces }
    }

    /// The workloads of a namespace.
    pub(super) fn in_namespace(&self, namespace: &str) -> &[usize] {
        self.namespaces.get(namespace).map_or(&[], |of_namespace| &of_namespace.all)
    }

    /// The workloads of a namespace that a selector may select: those with the rarest of its labels.
    pub(super) fn candidates<'s>(&'s self, namespace: &str, selector: &'s Labels) -> &'s [usize] {
        let Some(of_namespace) = self.namespaces.get(namespace) else { return &[] };
        let by_pair = selector.iter().map(|(key, value)| of_namespace.with(key.as_str(), value.as_str()));
        by_pair.min_by_key(|indices| indices.len()).unwrap_or(&of_namespace.all)
    }
}

impl OfNamespace<'_> {
    fn with<'s>(&'s self, key: &'s str, value: &'s str) -> &'s [usize] {
        self.by_label.get(&(key, value)).map_or(&[], Vec::as_slice)
    }
}
