//! Maps of labels: of subsets, sources, endpoints (istio: `labels.Instance.Validate`).

use crate::model::Labels;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::{is_label_key, is_label_value};
use crate::validate::violation::Violations;

/// Whether all keys and values are valid.
pub fn are_valid(labels: &Labels) -> bool {
    labels.iter().all(|(key, value)| is_label_key(key) && is_label_value(value))
}

/// Checks keys and values.
pub fn check(labels: &Labels, violations: &mut Violations<'_>) {
    for (key, value) in labels.iter() {
        if !is_label_key(key) {
            let message = format!("{} is not a valid label key", quoted(key));
            violations
                .error("LB", Mistake::InvalidLabel, key.span, message)
                .help("use letters, digits, dashes, dots and underscores, after an optional DNS prefix and a slash");
        }
        if !is_label_value(value) {
            let message = format!("{} is not a valid label value", quoted(value));
            violations
                .error("LB", Mistake::InvalidLabel, value.span, message)
                .help("use letters, digits, dashes, dots and underscores, with a letter or digit at both ends");
        }
    }
}
