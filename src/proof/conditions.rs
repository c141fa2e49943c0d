//! Conditions of rules, as keys and in words.

use crate::routing::{MatchCondition, MatchSubject, Matcher, when};

/// A text that is equal for rules with the same conditions, whatever their order.
pub fn key(conditions: &[MatchCondition]) -> String {
    let mut parts: Vec<String> = conditions
        .iter()
        .map(|condition| {
            let (kind, text) = condition.matcher.key();
            format!("{:?} {kind} {text:?}", condition.subject)
        })
        .collect();
    parts.sort();
    parts.dedup();
    parts.join("\n")
}

/// The requests that meet the conditions of two rules, in words; empty for all requests.
pub fn words(one: &[MatchCondition], other: &[MatchCondition]) -> String {
    let all: Vec<&MatchCondition> = one.iter().chain(other).collect();
    let is_left_out = |at: usize| {
        let implies = |(other, stronger): (usize, &&MatchCondition)| {
            other != at && implies(stronger, all[at]) && (other < at || !implies(all[at], stronger))
        };
        all.iter().enumerate().any(implies)
    };
    let kept: Vec<MatchCondition> = (0..all.len()).filter(|at| !is_left_out(*at)).map(|at| all[at].clone()).collect();
    when::conditions(&kept, |_| false).join(" and ")
}

/// The most rules that the words for a class of requests except.
const MOST_EXCEPTIONS: usize = 2;

/// The words for a class of requests, and for the earlier rules that take some of them.
pub fn words_unless(condition: String, mut exceptions: Vec<String>) -> String {
    let condition = if condition.is_empty() { "every request".to_owned() } else { condition };
    exceptions.sort();
    exceptions.dedup();
    match exceptions.len() {
        0 => condition,
        1..=MOST_EXCEPTIONS => format!("{condition}, unless {}", exceptions.join(" or ")),
        _ => format!("{condition}, unless an earlier rule takes it"),
    }
}

/// Whether all requests that meet one condition meet another one, as far as their texts show.
fn implies(one: &MatchCondition, other: &MatchCondition) -> bool {
    if one.subject != other.subject {
        return false;
    }
    let is_negative = matches!(one.subject, MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_));
    one.matcher.key() == other.matcher.key()
        || !is_negative
            && match (&one.matcher, &other.matcher) {
                (_, Matcher::Present) => true,
                (Matcher::Exact(text), Matcher::Prefix(_) | Matcher::PathPrefix(_) | Matcher::Regex(_)) => {
                    other.takes_text(text.as_bytes())
                }
                (Matcher::Prefix(text) | Matcher::PathPrefix(text), Matcher::Prefix(prefix)) => {
                    text.starts_with(prefix)
                }
                (Matcher::PathPrefix(text), Matcher::PathPrefix(_)) => other.takes_text(text.as_bytes()),
                _ => false,
            }
}

/// Whether two rules want different texts of one part, so that only requests with several lines of a header meet both.
pub fn disagree(one: &[MatchCondition], other: &[MatchCondition]) -> bool {
    let is_exact = |it: &&MatchCondition| matches!(it.matcher, Matcher::Exact(_));
    let disagrees = |condition: &MatchCondition| {
        let same_part = other.iter().filter(is_exact).filter(|it| it.subject == condition.subject);
        same_part.into_iter().any(|it| it.matcher.key() != condition.matcher.key())
    };
    one.iter().filter(is_exact).any(disagrees)
}
