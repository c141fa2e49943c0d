//! Label selectors as Kubernetes has them everywhere.

use crate::model::macros::message;
use crate::model::map::{LabelSet, Labels};
use crate::source::Spanned;

message! {
    /// Selects by labels; all requirements must hold.
    struct LabelSelector {
        match_labels: Labels,
        match_expressions: Vec<LabelSelectorRequirement>,
    }
}

message! {
    /// A requirement on one label.
    struct LabelSelectorRequirement {
        key: Option<Spanned<String>>,
        operator: Option<Spanned<String>>,
        values: Vec<Spanned<String>>,
    }
}

impl LabelSelector {
    /// Whether all requirements hold. One with an unknown operator makes the selector select nothing, since
    /// Kubernetes cannot read it.
    pub fn selects(&self, labels: &LabelSet<'_>) -> bool {
        self.match_labels.selects(labels) && self.match_expressions.iter().all(|it| it.holds(labels))
    }
}

impl LabelSelectorRequirement {
    fn holds(&self, labels: &LabelSet<'_>) -> bool {
        let value = labels.get(self.key.as_ref().map_or("", |key| key.as_str())).copied();
        let is_listed = || value.is_some_and(|value| self.values.iter().any(|listed| listed.as_str() == value));
        match self.operator.as_ref().map_or("", |operator| operator.as_str()) {
            "In" => is_listed(),
            "NotIn" => !is_listed(),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}
