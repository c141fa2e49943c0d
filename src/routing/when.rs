//! The requests that a rule is for, in words.

use super::predicate::{MatchCondition, MatchSubject, Matcher};

/// The words for conditions; empty if they hold for every request. Conditions on a part that `is_given` are left out.
pub fn conditions(conditions: &[MatchCondition], is_given: impl Fn(&MatchSubject) -> bool) -> Vec<String> {
    let is_open = |condition: &&MatchCondition| !is_given(&condition.subject) && !is_any(condition);
    conditions.iter().filter(is_open).map(condition).collect()
}

/// Whether a condition on the path holds for every path.
fn is_any(condition: &MatchCondition) -> bool {
    match (&condition.subject, &condition.matcher) {
        (MatchSubject::Path { .. }, Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix)) => {
            prefix.is_empty() || prefix == "/"
        }
        (MatchSubject::Path { .. }, Matcher::Regex(regex)) => [".*", "/.*"].contains(&regex.as_str()),
        _ => false,
    }
}

fn condition(condition: &MatchCondition) -> String {
    let name = match &condition.subject {
        MatchSubject::Path { .. } => "path".to_owned(),
        MatchSubject::Method => "method".to_owned(),
        MatchSubject::Scheme => "scheme".to_owned(),
        MatchSubject::Authority => "authority".to_owned(),
        MatchSubject::Header(name) | MatchSubject::WithoutHeader(name) => name.clone(),
        MatchSubject::Query(name) => format!("query {name}"),
        MatchSubject::Claim(path) | MatchSubject::WithoutClaim(path) => format!("claim {}", path.join(".")),
    };
    let is_negative = matches!(condition.subject, MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_));
    let ignoring = match (&condition.subject, &condition.matcher) {
        (MatchSubject::Path { ignore_case: true }, Matcher::Regex(_)) => "",
        (MatchSubject::Path { ignore_case: true }, _) => " in any case",
        _ => "",
    };
    let text = |positive: &str, negative: &str, value: &str| {
        let verb = if is_negative { negative } else { positive };
        format!("{name} {verb} {value}{ignoring}")
    };
    match &condition.matcher {
        Matcher::Present if is_negative => format!("no {name}"),
        Matcher::Present => format!("any {name}"),
        Matcher::Exact(value) if value.is_empty() => text("is", "is not", "empty"),
        Matcher::Exact(value) => text("is", "is not", value),
        Matcher::Prefix(value) => text("starts with", "does not start with", value),
        Matcher::PathPrefix(value) => text("is", "is not", &format!("{value} or below")),
        Matcher::Regex(regex) => text("matches", "does not match", regex.as_str()),
        Matcher::Invalid { source, .. } => text("matches", "does not match", source),
    }
}
