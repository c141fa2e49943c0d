//! Reachability of the matches of a VirtualService: a match is unreachable if earlier ones take all of its requests.
//!
//! An earlier match takes the requests of a later one if it requires nothing more, condition by condition. Several
//! matches can cover the paths of a later one together. Regular expressions are compared as automata, so they need not
//! look alike.

use super::delegate;
use super::http;
use super::implication::Automata;
use super::predicate::{MatchCondition, MatchSubject, Matcher};
use super::route::{CompiledRoute, HttpMatch};
use super::sample;
use crate::re2::Search;
use crate::source::Span;
use crate::world::{Bound, NamespacedName, VirtualService, World};

/// A match of a route, or a route without matches.
#[derive(Debug)]
pub struct Alternative<'a> {
    /// The index of the route among those of the VirtualService, including the routes of delegates.
    pub route: usize,
    /// The place of the route.
    pub route_span: Span,
    /// The place of the match, which can be that of the delegating route; the route if it has no match.
    pub span: Span,
    route_match: Option<HttpMatch<'a>>,
    pub(super) conditions: Vec<MatchCondition>,
    /// The common prefix of all paths that the match takes.
    path_prefix: Vec<u8>,
}

/// Whether an alternative gets requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachability {
    /// The alternative gets requests, or the answer is unknown.
    Reached,
    /// No request has such a path.
    Impossible,
    /// Earlier alternatives, by their index among those, take all of its requests.
    TakenBy(Vec<usize>),
}

/// The most earlier matches that are combined against a later one.
const MOST_TOGETHER: usize = 8;

/// The alternatives of a VirtualService, in the order in which Envoy tries them.
pub fn alternatives<'a>(world: &'a World<'a>, virtual_service: &'a VirtualService<'a>) -> Vec<Alternative<'a>> {
    let routes = delegate::http_routes(world, virtual_service);
    routes.iter().enumerate().flat_map(|(index, route)| of_route(index, route)).collect()
}

fn of_route<'a>(index: usize, route: &CompiledRoute<'a>) -> Vec<Alternative<'a>> {
    let route_span = route.owner.span;
    if route.matches.is_empty() {
        return vec![Alternative {
            route: index,
            route_span,
            span: route_span,
            route_match: None,
            conditions: Vec::new(),
            path_prefix: Vec::new(),
        }];
    }
    let alternative = |route_match: &HttpMatch<'a>| {
        let conditions = http::conditions(route_match, route.owner.virtual_service.origin);
        let path_prefix = path_of(&conditions).map(path_prefix).unwrap_or_default();
        Alternative {
            route: index,
            route_span,
            span: route_match.span,
            route_match: Some(route_match.clone()),
            conditions,
            path_prefix,
        }
    };
    route.matches.iter().map(alternative).collect()
}

/// Says for each alternative of a VirtualService whether it gets requests.
pub fn reach(virtual_service: &VirtualService<'_>, alternatives: &[Alternative<'_>]) -> Vec<Reachability> {
    let automata = Automata::default();
    let all: Vec<&Alternative<'_>> = alternatives.iter().collect();
    let reach_of = |number: usize| reach_after(virtual_service, all[number], &all[..number], &automata);
    (0..all.len()).map(reach_of).collect()
}

/// Says whether an alternative gets requests if some others come before it.
pub fn reach_after(
    virtual_service: &VirtualService<'_>,
    later: &Alternative<'_>,
    earlier: &[&Alternative<'_>],
    automata: &Automata,
) -> Reachability {
    let mut sample = match sample::path(later.path(), automata) {
        Search::Text(path) => path,
        Search::Empty => return Reachability::Impossible,
        Search::Undecided => return Reachability::Reached,
    };
    // Compare the path first: it is cheap and decides most cases.
    let taker = |path: &[u8], is_candidate: &dyn Fn(usize, &Alternative<'_>) -> bool| {
        earlier.iter().enumerate().position(|(number, it)| {
            it.takes_path(path)
                && is_candidate(number, it)
                && it.requires_no_more_than(later, &virtual_service.bound_to, automata)
        })
    };
    if let Some(number) = taker(&sample, &|_, it| it.takes_paths_of(later) == Some(true)) {
        return Reachability::TakenBy(vec![number]);
    }
    // Several plain texts never take all paths of another one together.
    let is_text = |path: &MatchCondition| is_plain(path) && !matches!(path.matcher, Matcher::Regex(_));
    let mut paths = earlier.iter().filter_map(|it| it.path());
    let Some(path) = later.path().filter(|path| !is_text(path) || !paths.all(is_text)) else {
        return Reachability::Reached;
    };
    let mut takers: Vec<usize> = Vec::new();
    while let Some(number) = taker(&sample, &|number, _| !takers.contains(&number)) {
        takers.push(number);
        let conditions: Vec<&MatchCondition> = takers.iter().filter_map(|number| earlier[*number].path()).collect();
        if takers.len() > MOST_TOGETHER {
            return Reachability::Reached;
        }
        match automata.find_path(path, &conditions) {
            Search::Text(other) => sample = other,
            Search::Undecided => return Reachability::Reached,
            Search::Empty => {
                let alone = conditions.iter().position(|own| automata.find_path(path, &[own]) == Search::Empty);
                return Reachability::TakenBy(alone.map_or(takers.clone(), |at| vec![takers[at]]));
            }
        }
    }
    Reachability::Reached
}

fn path_of(conditions: &[MatchCondition]) -> Option<&MatchCondition> {
    conditions.iter().find(|condition| matches!(condition.subject, MatchSubject::Path { .. }))
}

/// The common prefix of all paths that a condition takes.
fn path_prefix(condition: &MatchCondition) -> Vec<u8> {
    match &condition.matcher {
        Matcher::Regex(regex) => regex.literal_prefix(),
        Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::PathPrefix(text) if is_plain(condition) => {
            text.clone().into_bytes()
        }
        _ => Vec::new(),
    }
}

/// Whether a path condition is case-sensitive.
fn is_plain(path: &MatchCondition) -> bool {
    matches!(path.subject, MatchSubject::Path { ignore_case: false })
}

impl Alternative<'_> {
    /// Whether the alternative takes every request on every proxy.
    pub fn takes_everything(&self) -> bool {
        let is_any = |route_match: &HttpMatch<'_>| {
            route_match.port.is_none()
                && route_match.gateways.is_empty()
                && route_match.source_labels.is_empty()
                && route_match.source_namespace.is_none()
        };
        self.route_match.as_ref().is_none_or(is_any) && self.conditions.iter().all(http::is_any_path)
    }

    /// Whether the condition on the path is a regular expression.
    pub fn has_path_regex(&self) -> bool {
        self.path().is_some_and(|path| matches!(path.matcher, Matcher::Regex(_)))
    }

    /// Whether the alternative applies at a Gateway that its VirtualService is bound to, as far as `gateways` say.
    pub fn is_at(&self, gateway: &NamespacedName<'_>) -> bool {
        self.route_match
            .as_ref()
            .is_none_or(|it| it.gateways.is_empty() || it.gateways.iter().any(|own| own.as_ref() == Some(gateway)))
    }

    /// Whether a gateway tries the alternative after all others of the virtual host, whichever VirtualService has them
    /// (istiod: `SortVHostRoutes`).
    pub fn is_last(&self) -> bool {
        self.conditions.iter().all(http::is_any_path)
    }

    /// Whether the alternative takes all requests of one of another VirtualService at a Gateway.
    pub fn takes_all_of(&self, other: &Self, gateway: &Bound, automata: &Automata) -> bool {
        let Search::Text(path) = sample::path(other.path(), automata) else { return false };
        if !self.takes_path(&path) || !self.requires_no_more_than(other, std::slice::from_ref(gateway), automata) {
            return false;
        }
        self.takes_paths_of(other).unwrap_or_else(|| match (self.path(), other.path()) {
            (Some(own), Some(path)) => automata.find_path(path, &[own]) == Search::Empty,
            _ => false,
        })
    }

    /// Whether the alternative has a prefix that ends within a word of the paths of another one: `/app` and `/apple`.
    pub fn cuts_word_of(&self, other: &Self) -> bool {
        let Some(Matcher::Prefix(prefix)) = self.path().map(|path| &path.matcher) else { return false };
        let rest = match other.path().map(|path| &path.matcher) {
            Some(Matcher::Prefix(text) | Matcher::Exact(text)) => text.strip_prefix(prefix.as_str()),
            _ => None,
        };
        !prefix.ends_with('/') && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    }

    /// A path that the alternative takes, if there is one in UTF-8.
    pub fn example_path(&self) -> Option<String> {
        sample::path(self.path(), &Automata::default()).into_utf8()
    }

    fn path(&self) -> Option<&MatchCondition> {
        path_of(&self.conditions)
    }

    /// Whether the condition on the path, if there is one, holds for a path.
    pub fn takes_path(&self, path: &[u8]) -> bool {
        path.starts_with(&self.path_prefix) && self.path().is_none_or(|condition| condition.takes_path(path))
    }

    /// Whether the alternative takes all paths of another one. `None` if only automata can decide.
    fn takes_paths_of(&self, later: &Self) -> Option<bool> {
        let Some(own) = self.path() else { return Some(true) };
        match (&own.matcher, later.path().map(|path| (path, &path.matcher))) {
            (Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix), _) if prefix.is_empty() || prefix == "/" => {
                Some(true)
            }
            (Matcher::Regex(regex), _) if [".*", "/.*"].contains(&regex.as_str()) => Some(true),
            (_, None) => Some(false),
            (_, Some((path, Matcher::Exact(text)))) if is_plain(path) => Some(own.takes_path(text.as_bytes())),
            (Matcher::Exact(_), Some((_, Matcher::Prefix(_) | Matcher::PathPrefix(_)))) => Some(false),
            (Matcher::Prefix(_), Some((path, Matcher::Prefix(text)))) if is_plain(path) || !is_plain(own) => {
                Some(own.takes_path(text.as_bytes()))
            }
            (Matcher::PathPrefix(_), Some((_, Matcher::PathPrefix(text)))) => Some(own.takes_path(text.as_bytes())),
            _ => None,
        }
    }

    /// Whether all conditions, except on the path, hold whenever those of another alternative do.
    fn requires_no_more_than(&self, later: &Self, bound_to: &[Bound], automata: &Automata) -> bool {
        let mut own =
            self.conditions.iter().filter(|condition| !matches!(condition.subject, MatchSubject::Path { .. }));
        is_wherever(self.route_match.as_ref(), later.route_match.as_ref(), bound_to)
            && own.all(|condition| later.conditions.iter().any(|from| automata.follows(condition, from)))
    }
}

/// Whether every proxy that has the later match also has the earlier one. A list of gateways replaces the conditions on
/// the client.
fn is_wherever(earlier: Option<&HttpMatch<'_>>, later: Option<&HttpMatch<'_>>, bound_to: &[Bound]) -> bool {
    let Some(earlier) = earlier else { return true };
    let port = later.and_then(|later| later.port);
    if earlier.port.is_some_and(|wanted| port.is_none_or(|port| port.value != wanted.value)) {
        return false;
    }
    let listed = later.map(|later| later.gateways.as_slice()).unwrap_or_default();
    if !earlier.gateways.is_empty() {
        let is_there = |bound: &Bound| earlier.gateways.contains(&bound.gateway);
        let mut places = bound_to.iter().filter(|bound| listed.is_empty() || listed.contains(&bound.gateway));
        return places.all(is_there);
    }
    let clients = later.filter(|_| listed.is_empty());
    let has_label = |key: &str, value: &str| clients.is_some_and(|later| later.source_labels.get(key) == Some(&value));
    earlier.source_labels.iter().all(|(key, value)| has_label(key, value))
        && earlier.source_namespace.is_none_or(|wanted| clients.is_some_and(|it| it.source_namespace == Some(wanted)))
}
