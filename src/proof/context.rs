//! Where requests start, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::vantage::{Vantage, namespace_words};
use crate::model::{describe_labels, wording};

/// The vantages with some numbers: `gateway shop/public`, or `mesh, clients in shop and web`; `mesh` for all clients.
pub fn words(all: &[Vantage], numbers: &BTreeSet<usize>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let chosen = || all.iter().enumerate().filter(|(number, _)| numbers.contains(number)).map(|(_, it)| it);
    parts.extend(chosen().filter(|it| it.is_gateway()).map(Vantage::words));
    let is_client = |it: &&Vantage| !it.is_gateway();
    let has_all = all.iter().filter(is_client).count() == chosen().filter(is_client).count();
    // The namespaces of clients, by their labels.
    let mut clients: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for vantage in chosen() {
        if let Vantage::Sidecar { namespace, labels } = vantage {
            clients.entry(describe_labels(labels)).or_default().push(namespace_words(namespace));
        }
    }
    if has_all && !clients.is_empty() {
        parts.push("mesh".to_owned());
        return parts.join("; ");
    }
    for (labels, namespaces) in clients {
        let namespaces = wording::enumeration(namespaces.into_iter().map(str::to_owned).collect(), "and");
        parts.push(format!("mesh, clients in {}", with_labels(&namespaces, &labels)));
    }
    parts.join("; ")
}

/// Workloads of a namespace: `shop with app=web`.
pub fn workloads(namespace: &str, labels: &BTreeMap<String, String>) -> String {
    with_labels(namespace_words(namespace), &describe_labels(labels))
}

fn with_labels(namespaces: &str, labels: &str) -> String {
    if labels.is_empty() { namespaces.to_owned() } else { format!("{namespaces} with {labels}") }
}
