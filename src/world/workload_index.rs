//! Workloads by namespace and selector.

use std::collections::HashMap;

use super::{Workload, World};
use crate::model::{LabelSet, Labels};
use crate::source::Spanned;

/// The workloads, by namespace and by label.
#[derive(Debug, Default)]
pub(super) struct WorkloadIndex<'a> {
    by_namespace: HashMap<String, NamespaceIndex<'a>>,
}

/// The indices of the workloads of a namespace.
#[derive(Debug, Default)]
struct NamespaceIndex<'a> {
    all: Vec<usize>,
    by_label: HashMap<&'a str, HashMap<&'a str, Vec<usize>>>,
}

impl<'a> WorkloadIndex<'a> {
    pub(super) fn new(workloads: &[Workload<'a>]) -> Self {
        let mut index = Self::default();
        for (number, workload) in workloads.iter().enumerate() {
            let of_namespace = index.by_namespace.entry(workload.name.namespace.to_string()).or_default();
            of_namespace.all.push(number);
            for (key, value) in &workload.labels {
                of_namespace.by_label.entry(key).or_default().entry(value).or_default().push(number);
            }
        }
        index
    }

    fn all(&self, namespace: &str) -> &[usize] {
        self.by_namespace.get(namespace).map(|it| it.all.as_slice()).unwrap_or_default()
    }

    /// The workloads with the least frequent label of a selector.
    fn candidates(&self, namespace: &str, selector: &Labels) -> &[usize] {
        let Some(of_namespace) = self.by_namespace.get(namespace) else { return &[] };
        let having = |(key, value): (&Spanned<String>, &Spanned<String>)| {
            let by_value = of_namespace.by_label.get(key.as_str());
            by_value.and_then(|values| values.get(value.as_str())).map(Vec::as_slice).unwrap_or_default()
        };
        selector.iter().map(having).min_by_key(|having| having.len()).unwrap_or(&of_namespace.all)
    }
}

impl<'a> World<'a> {
    /// The workloads of a namespace with the least frequent of some labels, in creation order; none without labels.
    pub(super) fn labelled_like(
        &self,
        namespace: &str,
        labels: &LabelSet<'_>,
    ) -> impl Iterator<Item = &Workload<'a>> + Clone {
        let of_namespace = self.workload_index.by_namespace.get(namespace);
        let having = |(key, value): (&&str, &&str)| {
            let by_value = of_namespace.and_then(|index| index.by_label.get(*key));
            by_value.and_then(|values| values.get(*value)).map(Vec::as_slice).unwrap_or_default()
        };
        let fewest = labels.iter().map(having).min_by_key(|having| having.len()).unwrap_or_default();
        fewest.iter().map(|&number| &self.workloads[number])
    }

    /// The workloads of a namespace, in creation order.
    pub fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Workload<'a>> + Clone {
        self.workload_index.all(namespace).iter().map(|&number| &self.workloads[number])
    }

    /// The workloads of a namespace that a selector selects, in creation order; all of them without one.
    pub fn selected_in(
        &self,
        namespace: &str,
        selector: Option<&Labels>,
    ) -> impl Iterator<Item = &Workload<'a>> + Clone {
        let candidates = match selector {
            Some(selector) => self.workload_index.candidates(namespace, selector),
            None => self.workload_index.all(namespace),
        };
        let is_selected =
            move |workload: &&Workload<'_>| selector.is_none_or(|selector| workload.is_selected_by(selector));
        candidates.iter().map(|&number| &self.workloads[number]).filter(is_selected)
    }
}
