//! The message style of `docs/style.md`, as far as a program can check it. Debug builds check every message with it, so
//! that no test produces one that breaks the style.

use super::Diagnostic;
use crate::model::Kind;

/// Products whose names look like ordinary words.
const PRODUCTS: [&str; 5] = ["Istio", "Kubernetes", "Helm", "Envoy", "Kiali"];

/// Whether a word is the name of a kind, perhaps in the plural, or of a product.
fn is_name(word: &str) -> bool {
    let is_kind = |word: &str| Kind::ALL.iter().any(|kind| kind.name() == word);
    PRODUCTS.contains(&word) || is_kind(word) || word.strip_suffix('s').is_some_and(is_kind)
}

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
    } else if is_capitalised && !is_name(first) {
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
