//! Selectors of workloads (istio: `validateWorkloadSelector`).

use crate::model::Labels;
use crate::source::Span;
use crate::validate::Family;
use crate::validate::violation::Found;

/// Whether a selector is one that the API does not take.
pub fn is_refused(labels: &Labels) -> bool {
    labels.iter().any(|(key, value)| key.is_empty() || key.contains('*') || value.contains('*'))
}

/// Checks the labels of a selector that is there, at `span`.
pub fn check(labels: &Labels, span: Span, found: &mut Found<'_>) {
    if labels.is_empty() {
        found
            .warning("WS-3", Family::NoEffect, span, "this selector has no labels, so it selects every workload")
            .help("remove it, or name the labels");
    }
    for (key, value) in labels.iter() {
        if key.is_empty() {
            found.error("WS-1", Family::InvalidLabel, key.span, "the key of this label is empty");
        }
        if key.contains('*') || value.contains('*') {
            let span = if key.contains('*') { key.span } else { value.span };
            found.error("WS-2", Family::InvalidLabel, span, "a selector does not take wildcards");
        }
    }
}
