//! Annotations that suppress findings of `istioctl analyze` and Kiali about a resource.

use crate::lint::diagnostic::Diagnostic;
use crate::lint::selector::Selector;
use crate::model::Labels;

/// Codes of `istioctl analyze`, separated by commas; `*` for all.
const OF_ISTIOCTL: &str = "galley.istio.io/analyze-suppress";

/// Codes of Kiali, separated by commas; empty for all.
const OF_KIALI: &str = "kiali.io/ignore-validations";

/// Whether the annotations of a resource suppress a finding about it.
pub(super) fn suppresses(annotations: &Labels, diagnostic: &Diagnostic) -> bool {
    let is_listed = |list: &str| list.split(',').any(|code| names(code.trim(), diagnostic));
    let of_istioctl = annotations.get(OF_ISTIOCTL).is_some_and(|list| is_listed(list));
    of_istioctl || annotations.get(OF_KIALI).is_some_and(|list| list.trim().is_empty() || is_listed(list))
}

fn names(code: &str, diagnostic: &Diagnostic) -> bool {
    code == "*" || Selector::of(code).is_some_and(|selector| selector.selects(diagnostic))
}
