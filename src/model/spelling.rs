//! Suggestions for misspelt words.

/// The candidate that `word` most likely stands for, if one is close enough: 1 edit, and 1 more for every 4 letters.
/// Upper and lower case do not matter.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let furthest = 1 + word.chars().count() / 4;
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

/// A help that suggests the nearest candidate: "did you mean `reviews`?".
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}
