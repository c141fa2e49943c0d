//! The message style of `docs/style.md`, as far as a program can check it. Debug builds check every message with it, so
//! that no test produces one that breaks the style.

use super::Diagnostic;

/// Kinds of resources and products whose names look like ordinary words.
const NAMES: [&str; 15] = [
    "Gateway",
    "Service",
    "Deployment",
    "Sidecar",
    "Namespace",
    "Pod",
    "Job",
    "Secret",
    "Istio",
    "Kubernetes",
    "Helm",
    "Envoy",
    "Ingress",
    "Kiali",
    "Telemetry",
];

/// What is wrong with a text of one line: a message, a label, a help or a summary.
pub fn fault(text: &str) -> Option<&'static str> {
    let first = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ':', ';']);
    // Names and codes keep their spelling: `VirtualService`, `YAML`, `UTF-8`, `x-beta`, `IST0101`.
    let is_plain_word = first.chars().all(char::is_alphabetic);
    let capitals = first.chars().filter(|letter| letter.is_uppercase()).count();
    let is_capitalised = first.starts_with(char::is_uppercase) && is_plain_word && capitals == 1;
    if text.trim().is_empty() || text.trim() != text {
        Some("is empty, or has spaces around it")
    } else if text.contains(['\n', '\r']) {
        Some("has several lines")
    } else if text.ends_with('.') {
        Some("ends with a period")
    } else if is_capitalised && !NAMES.contains(&first.trim_end_matches('s')) {
        Some("starts with a capital letter")
    } else {
        None
    }
}

/// Panics if a text of a finding breaks the style.
pub(super) fn check(diagnostic: &Diagnostic) {
    let related = diagnostic.related.iter().map(|related| &related.message);
    let texts = [&diagnostic.message].into_iter().chain(&diagnostic.label).chain(&diagnostic.help).chain(related);
    for text in texts {
        if let Some(fault) = fault(text) {
            panic!("a text of {} {fault}: {text:?}", diagnostic.rule.name);
        }
    }
}
