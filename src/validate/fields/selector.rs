//! Workload selectors (istio: `validateWorkloadSelector`).

use crate::advice::{Advice, Edit};
use crate::model::Labels;
use crate::source::Span;
use crate::validate::Mistake;
use crate::validate::violation::Violations;

/// Whether the webhook rejects a selector.
pub fn is_rejected(labels: &Labels) -> bool {
    labels.iter().any(|(key, value)| key.is_empty() || key.contains('*') || value.contains('*'))
}

/// Checks the labels of the selector at `span`.
pub fn check(labels: &Labels, span: Span, violations: &mut Violations<'_>) {
    if labels.is_empty() {
        violations
            .warning("WS-3", Mistake::NoEffect, span, "a selector without labels selects every workload")
            .help("add labels, or remove the selector");
    }
    for (key, value) in labels.iter() {
        if key.is_empty() {
            violations
                .error("WS-1", Mistake::InvalidLabel, key.span, "the label has an empty key")
                .help(Advice::new("remove the label").fix([Edit::remove(key.span)]));
        }
        if key.contains('*') || value.contains('*') {
            let span = if key.contains('*') { key.span } else { value.span };
            violations
                .error("WS-2", Mistake::InvalidLabel, span, "a selector cannot have wildcards")
                .help("write the whole value of the label");
        }
    }
}
