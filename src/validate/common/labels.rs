//! Label maps: of subsets, sources, endpoints (istio: `labels.Instance.Validate`).

use crate::model::Labels;
use crate::validate::Family;
use crate::validate::syntax::{is_label_key, is_label_value};
use crate::validate::violation::Found;

/// Whether keys and values are as they have to be.
pub fn are_right(labels: &Labels) -> bool {
    labels.iter().all(|(key, value)| is_label_key(key) && is_label_value(value))
}

/// Checks keys and values.
pub fn check(labels: &Labels, found: &mut Found<'_>) {
    for (key, value) in labels.iter() {
        if !is_label_key(key) {
            let message = format!("{:?} is no key of a label", key.value);
            found
                .error("LB", Family::InvalidLabel, key.span, message)
                .help("it takes letters, digits, dashes, dots and underscores, with an optional prefix before a slash");
        }
        if !is_label_value(value) {
            let message = format!("{:?} is no value of a label", value.value);
            found
                .error("LB", Family::InvalidLabel, value.span, message)
                .help("it takes letters, digits, dashes, dots and underscores, a letter or digit at both ends");
        }
    }
}
