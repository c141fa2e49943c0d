//! The visibility that a MeshConfig allows ServiceEntries.

use crate::model::LabelSet;
use crate::model::kubernetes::LabelSelector;
use crate::model::mesh_config::{ServiceEntryVisibility, Visibility};
use crate::world::ExportTo;

/// The visibility of ServiceEntries, by the labels of their namespaces (istiod: `ServiceEntryVisibilityMatcher`).
#[derive(Debug, Clone)]
pub struct EntryVisibility {
    default: Visibility,
    /// In order of precedence, each with selectors that must all select the namespace.
    policies: Vec<(Visibility, Vec<Option<LabelSelector>>)>,
}

impl EntryVisibility {
    /// `None` if the setting does not apply to sidecars.
    pub(super) fn new(written: &ServiceEntryVisibility) -> Option<Self> {
        let is_for_sidecars = written.apply_to_sidecars.is_some_and(|it| it.value);
        let visibility = |written: Option<Visibility>| written.unwrap_or(Visibility::Unspecified);
        is_for_sidecars.then(|| Self {
            default: visibility(written.default_visibility.map(|it| it.value)),
            policies: written
                .policies
                .iter()
                .map(|policy| {
                    let rules = policy.matching_rules.iter().map(|rule| rule.namespace_selector.clone());
                    (visibility(policy.visibility.map(|it| it.value)), rules.collect())
                })
                .collect(),
        })
    }

    /// Narrows the namespaces that a ServiceEntry is exported to. An unknown kind of rule matches nothing (istiod:
    /// `serviceExportTo`).
    pub(in crate::world) fn narrow(&self, export_to: ExportTo, namespace: &str, labels: &LabelSet<'_>) -> ExportTo {
        let selects = |selector: &Option<LabelSelector>| selector.as_ref().is_some_and(|it| it.selects(labels));
        let policy = self.policies.iter().find(|(_, rules)| rules.iter().all(selects));
        match policy.map_or(self.default, |(visibility, _)| *visibility) {
            Visibility::None => ExportTo::Nobody,
            Visibility::Namespace if export_to.includes(namespace) => {
                ExportTo::Namespaces([namespace.to_owned()].into())
            }
            Visibility::Namespace => ExportTo::Nobody,
            Visibility::Unspecified | Visibility::Public | Visibility::Undefined(_) => export_to,
        }
    }
}
