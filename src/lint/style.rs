//! A check of the message style of `docs/style.md`. Debug builds check every message, so tests fail on messages that break
//! the style.

use super::Diagnostic;
use crate::advice::Advice;
use crate::load::Snapshot;
use crate::model::Kind;

/// Products whose names look like capitalized words.
const PRODUCTS: [&str; 5] = ["Istio", "Kubernetes", "Helm", "Envoy", "Kiali"];

/// Whether a word is the name of a kind, perhaps in the plural, or of a product.
fn is_name(word: &str) -> bool {
    let is_kind = |word: &str| Kind::ALL.iter().any(|kind| kind.name() == word);
    PRODUCTS.contains(&word) || is_kind(word) || word.strip_suffix('s').is_some_and(is_kind)
}

const CAPITAL: &str = "starts with a capital letter";

/// The first word of a text, if it is capitalized. Names and codes keep their spelling: `VirtualService`, `YAML`, `UTF-8`,
/// `x-beta`, `IST0101`.
fn capitalized(text: &str) -> Option<&str> {
    let first = text.split_whitespace().next()?.trim_end_matches([',', ':', ';']);
    let is_plain_word = first.chars().all(char::is_alphabetic);
    let capitals = first.chars().filter(|letter| letter.is_uppercase()).count();
    (first.starts_with(char::is_uppercase) && is_plain_word && capitals == 1).then_some(first)
}

/// Whether a text starts with a kind that the manifests use, known or not: custom resources can be of any kind.
fn starts_with_kind(text: &str, snapshot: &Snapshot) -> bool {
    let Some(word) = capitalized(text) else { return false };
    let is_kind = |rest: &str| {
        let value = rest.trim_start_matches(['"', '\'', ':', ' ']);
        value.strip_prefix(word).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
    };
    let texts = snapshot.files.iter().map(|file| snapshot.sources.file(*file).text());
    texts.flat_map(|text| text.split("kind").skip(1)).any(is_kind)
}

/// The fault of a message, label, help or summary; `None` if it follows the style.
pub fn fault(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() || text.trim() != text {
        Some("is empty, or has spaces around it")
    } else if text.contains(['\n', '\r']) {
        Some("has several lines")
    } else if text.ends_with('.') {
        Some("ends with a period")
    } else if capitalized(text).is_some_and(|word| !is_name(word)) {
        Some(CAPITAL)
    } else {
        None
    }
}

/// Panics if a text of a diagnostic breaks the style.
pub(super) fn check(diagnostic: &Diagnostic, snapshot: &Snapshot) {
    let related = diagnostic.related.iter().map(|related| &related.message);
    let texts = [&diagnostic.message].into_iter().chain(&diagnostic.label).chain(related).map(String::as_str);
    for text in texts.chain(diagnostic.help.iter().map(Advice::text)) {
        if let Some(fault) = fault(text).filter(|fault| *fault != CAPITAL || !starts_with_kind(text, snapshot)) {
            panic!("a text of {} {fault}: {text:?}", diagnostic.rule.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_the_manifests_are_names() {
        let texts = ["kind: Widget\n", "- {\"kind\":\"Gadget\"}\n"];
        let snapshot = Snapshot::of_texts([("a.yaml", texts[0]), ("b.yaml", texts[1])]);
        for kind in ["Widget", "Gadget"] {
            assert!(starts_with_kind(&format!("{kind} `a/b` is already defined"), &snapshot), "{kind}");
        }
        for text in ["Wid `a/b` is already defined", "The Widget is already defined", "nothing"] {
            assert!(!starts_with_kind(text, &snapshot), "{text}");
        }
    }
}
