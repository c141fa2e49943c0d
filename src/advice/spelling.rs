//! Suggestions for misspelt words.

use super::{Advice, Edit};
use crate::source::Span;

/// The candidate that `word` most likely stands for, if one is close enough: 1 edit, and 1 more for every 4 letters.
/// Upper and lower case do not matter.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    within(1 + word.chars().count() / 4, word, candidates)
}

/// The candidate of which `word` is a misspelling: 1 edit, or 2 for a word of 8 letters or more. Use it where a wrong guess
/// does harm, and where different names often have a long part in common, such as `bookinfo-details` and `bookinfo-ratings`.
pub fn misspelt<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    within(if word.chars().count() < 8 { 1 } else { 2 }, word, candidates)
}

/// The host of which `word` is a misspelling: it has as many labels, and each is equal or misspelt. Hosts often have long
/// parts in common, so the distance of whole hosts says little. A wildcard is not something to dial.
pub fn misspelt_host<'c>(word: &str, hosts: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let labels: Vec<&str> = word.split('.').collect();
    let is_close = |host: &&str| {
        let own: Vec<&str> = host.split('.').collect();
        let mut pairs = labels.iter().zip(&own);
        own.len() == labels.len() && own[0] != "*" && pairs.all(|(label, own)| misspelt(label, [*own]).is_some())
    };
    let mut close: Vec<&str> = hosts.into_iter().filter(is_close).collect();
    close.sort_by_key(|host| strsim::damerau_levenshtein(word, host));
    close.first().copied()
}

/// The nearest candidate that is at most `furthest` edits away.
fn within<'c>(furthest: usize, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    candidates
        .into_iter()
        .map(|candidate| (candidate.to_lowercase(), candidate))
        // The distance is at least the difference in length, which costs less to find.
        .filter(|(folded, _)| folded.chars().count().abs_diff(length) <= furthest)
        .map(|(folded, candidate)| (strsim::damerau_levenshtein(&word, &folded), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A help that suggests the nearest candidate for the value, or key, at a place: "did you mean `reviews`?".
pub fn did_you_mean<'c>(place: Span, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<Advice> {
    nearest(word, candidates).map(|candidate| Advice::did_you_mean(Edit::set(place, candidate)))
}
