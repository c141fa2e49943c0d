//! A check of the message style of `docs/style.md`. Debug builds check every message, so tests fail on messages that break
//! the style.

use std::fmt::Display;

use super::Diagnostic;
use crate::model::Kind;

/// Products whose names look like capitalized words.
const PRODUCTS: [&str; 5] = ["Istio", "Kubernetes", "Helm", "Envoy", "Kiali"];

/// Whether a word is the name of a kind, perhaps in the plural, or of a product.
fn is_name(word: &str) -> bool {
    let is_kind = |word: &str| Kind::ALL.iter().any(|kind| kind.name() == word);
    PRODUCTS.contains(&word) || is_kind(word) || word.strip_suffix('s').is_some_and(is_kind)
}

/// Names for a message, each in backticks: `` `a`, `b` and `c` ``. The conjunction is `and` or `or`.
pub(super) fn list(names: impl IntoIterator<Item = impl Display>, conjunction: &str) -> String {
    enumeration(names.into_iter().map(|name| format!("`{name}`")).collect(), conjunction)
}

/// Numbers for a message: `80, 443 and 8080`.
pub(super) fn numbers(numbers: impl IntoIterator<Item = u32>, conjunction: &str) -> String {
    enumeration(numbers.into_iter().map(|number| number.to_string()).collect(), conjunction)
}

/// TCP port numbers for a message: `port 80`, `ports 80 and 443` or `no TCP ports`.
pub(super) fn ports(ports: impl IntoIterator<Item = u32>) -> String {
    let words: Vec<String> = ports.into_iter().map(|port| port.to_string()).collect();
    match words.as_slice() {
        [] => "no TCP ports".to_owned(),
        [port] => format!("port {port}"),
        _ => format!("ports {}", enumeration(words, "and")),
    }
}

fn enumeration(words: Vec<String>, conjunction: &str) -> String {
    match words.as_slice() {
        [words @ .., last] if !words.is_empty() => format!("{} {conjunction} {last}", words.join(", ")),
        words => words.concat(),
    }
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
