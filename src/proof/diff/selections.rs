//! Selectors of Services and labels of subsets that differ, although the manifests do not have the pods that they select. No
//! answer shows such a difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::World;

/// The labels by which something selects pods, and whether the manifests have such pods.
type Selection = (BTreeMap<String, String>, bool);

/// The reasons why requests may arrive at other pods.
pub fn undecided(old: &World<'_>, new: &World<'_>) -> BTreeSet<String> {
    let (before, after) = (selections(old), selections(new));
    let differs = |(what, (labels, is_known)): &(&String, &Selection)| {
        after.get(*what).is_some_and(|(others, are_known)| labels != others && !(*is_known && *are_known))
    };
    let reason = |(what, _): (&String, &Selection)| format!("{what}, and the manifests do not have the pods");
    before.iter().filter(differs).map(reason).collect()
}

/// The selections of a mesh, by what they are about.
fn selections(world: &World<'_>) -> BTreeMap<String, Selection> {
    let has_pods = |namespace: Option<&str>, labels: &BTreeMap<String, String>| {
        let is_near = |own: &str| namespace.is_none_or(|namespace| own == namespace);
        world.workloads.iter().any(|it| {
            is_near(&it.name.namespace)
                && labels.iter().all(|(key, value)| it.labels.get(key.as_str()) == Some(&value.as_str()))
        })
    };
    let mut found = BTreeMap::new();
    for service in world.services.iter() {
        let Some(selector) = service.selector else { continue };
        let labels = selector.to_map();
        let is_known = has_pods(Some(&service.namespace), &labels);
        found.insert(format!("`{}` selects other pods", service.hostname), (labels, is_known));
    }
    for rule in world.destination_rules.iter() {
        for subset in &rule.spec.subsets {
            let Some(name) = &subset.name else { continue };
            let labels = subset.labels.to_map();
            let is_known = has_pods(None, &labels);
            let what = format!("subset `{}` of DestinationRule `{}` selects other pods", name.value, rule.name);
            found.insert(what, (labels, is_known));
        }
    }
    found
}
