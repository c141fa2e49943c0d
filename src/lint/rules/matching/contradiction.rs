//! `impossible-match` for conditions that exclude each other.

use std::collections::BTreeSet;

use super::impossible_match::Obstacle;
use crate::model::networking::HttpMatchRequest;
use crate::routing::alternative::conditions;
use crate::routing::{MatchCondition, MatchSubject};
use crate::symbolic::{Matches, Reachability, Shape};
use crate::world::VirtualService;

/// The first two conditions of a match that no request meets together, although some requests meet each of them.
pub(super) fn obstacle_of_two(virtual_service: &VirtualService<'_>, http_match: &HttpMatchRequest) -> Option<Obstacle> {
    if !has_related(http_match) {
        return None;
    }
    let conditions = conditions(virtual_service, http_match);
    let pairs =
        conditions.iter().enumerate().flat_map(|(at, later)| conditions[..at].iter().map(move |it| (it, later)));
    let of_one_part = pairs.filter(|(one, other)| one.subject.part() == other.subject.part());
    let (one, other) = of_one_part.into_iter().find(|(one, other)| exclude_each_other(one, other))?;
    let parts = match (part(&one.subject), part(&other.subject)) {
        (one, other) if one == other => one,
        (one, other) => format!("{one} and {other}"),
    };
    let message = format!("no request meets the conditions of the match on {parts}");
    Some(Obstacle {
        related: Some((one.span, "the other condition")),
        ..Obstacle::new(other.span, message, "remove one of the two conditions, or use two matches")
    })
}

/// Whether several conditions can be about the same part of requests.
fn has_related(http_match: &HttpMatchRequest) -> bool {
    let names = http_match.headers.iter().chain(http_match.without_headers.iter());
    let names: Vec<String> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    distinct.len() < names.len() || names.iter().any(|name| name.starts_with(':') || name == "host")
}

fn exclude_each_other(one: &MatchCondition, other: &MatchCondition) -> bool {
    let all = [vec![one, other], vec![one], vec![other]];
    let shapes = all.into_iter().map(|conditions| Shape { conditions, proxy: Vec::new() }).collect();
    let matches = Matches::of_shapes(shapes, &[]);
    let is_impossible = |number| matches.reach(number, &[]) == Reachability::Impossible;
    is_impossible(0) && !is_impossible(1) && !is_impossible(2)
}

/// The part of requests that a condition is about, in words.
fn part(subject: &MatchSubject) -> String {
    match subject {
        MatchSubject::Path { .. } => "`uri`".to_owned(),
        MatchSubject::Method => "`method`".to_owned(),
        MatchSubject::Scheme => "`scheme`".to_owned(),
        MatchSubject::Authority => "`authority`".to_owned(),
        MatchSubject::Header(name) | MatchSubject::WithoutHeader(name) => format!("header `{name}`"),
        MatchSubject::Query(name) => format!("parameter `{name}`"),
        MatchSubject::Claim(path) | MatchSubject::WithoutClaim(path) => format!("claim `{}`", path.join(".")),
    }
}
