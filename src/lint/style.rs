//! A check of the message style of `docs/style.md`. Debug builds check every message, so tests fail on messages that break
//! the style.

use super::Diagnostic;
use crate::model::Kind;

/// Products whose names look like capitalized words.
const PRODUCTS: [&str; 5] = ["Istio", "Kubernetes", "Helm", "Envoy", "Kiali"];

/// Whether a word is the name of a kind, perhaps in the plural, or of a product.
fn is_name(word: &str) -> bool {
    let is_kind = |word: &str| Kind::ALL.iter().any(|kind| kind.name() == word);
    PRODUCTS.contains(&word) || is_kind(word) || word.strip_suffix('s').is_some_and(is_kind)
}

/// The fault of a message, label, help or summary; `None` if it follows the style.
pub fn fault(text: &str) -> Option<&'static str> {
    let first = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ':', ';']);
    // Names and codes keep their spelling: `VirtualService`, `YAML`, `UTF-8`, `x-beta`, `IST0101`.
    let is_plain_word = first.chars().all(char::is_alphabetic);
    let capitals = first.chars().filter(|letter| letter.is_uppercase()).count();
    let is_capitalized = first.starts_with(char::is_uppercase) && is_plain_word && capitals == 1;
    if text.trim().is_empty() || text.trim() != text {
        Some("is empty, or has spaces around it")
    } else if text.contains(['\n', '\r']) {
        Some("has several lines")
    } else if text.ends_with('.') {
        Some("ends with a period")
    } else if is_capitalized && !is_name(first) {
        Some("starts with a capital letter")
    } else {
        None
    }
}

/// Panics if a text of a diagnostic breaks the style.
pub(super) fn check(diagnostic: &Diagnostic) {
    let related = diagnostic.related.iter().map(|related| &related.message);
    let texts = [&diagnostic.message].into_iter().chain(&diagnostic.label).chain(&diagnostic.help).chain(related);
    for text in texts {
        if let Some(fault) = fault(text) {
            panic!("a text of {} {fault}: {text:?}", diagnostic.rule.name);
        }
    }
}
