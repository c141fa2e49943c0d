//! Which matches of a VirtualService never get a request, because those before them take all that they would.
//!
//! A match is taken by an earlier one that asks for nothing more, condition by condition; of the path several can take
//! it together. Expressions are compared as automata, so a later one need not look like an earlier one.

use super::delegate;
use super::http;
use super::implication::Automata;
use super::predicate::{Condition, Matcher, Subject};
use super::rule::{HttpMatch, HttpRule};
use crate::re2::Search;
use crate::source::Span;
use crate::world::{Bound, VirtualService, World};

/// One way into a rule: a match of it, or the rule itself if it has none.
#[derive(Debug)]
pub struct Alternative<'a> {
    /// The number of its rule among those of the VirtualService, those of delegates in their places.
    pub rule: usize,
    /// The rule.
    pub rule_span: Span,
    /// The match, which can be that of the rule that delegates; the rule if there is none.
    pub span: Span,
    entry: Option<HttpMatch<'a>>,
    conditions: Vec<Condition>,
    /// What all paths begin with that it takes.
    path_prefix: Vec<u8>,
}

/// Whether an alternative gets requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It does, or that cannot be told.
    Reached,
    /// No request has such a path.
    Impossible,
    /// Earlier alternatives, by their numbers, take all of its requests.
    TakenBy(Vec<usize>),
}

/// More earlier matches than this are not held together against one.
const MOST_TOGETHER: usize = 8;

/// The alternatives of a VirtualService, in the order in which they are tried.
pub fn alternatives<'a>(world: &'a World<'a>, service: &'a VirtualService<'a>) -> Vec<Alternative<'a>> {
    let rules = delegate::http_rules(world, service);
    rules.iter().enumerate().flat_map(|(rule, http)| of_rule(rule, http)).collect()
}

fn of_rule<'a>(rule: usize, http: &HttpRule<'a>) -> Vec<Alternative<'a>> {
    let rule_span = http.owner.span;
    if http.matches.is_empty() {
        return vec![Alternative {
            rule,
            rule_span,
            span: rule_span,
            entry: None,
            conditions: Vec::new(),
            path_prefix: Vec::new(),
        }];
    }
    let alternative = |entry: &HttpMatch<'a>| {
        let conditions = http::conditions(entry, http.owner.service.origin);
        let path_prefix = path_of(&conditions).map(path_prefix).unwrap_or_default();
        Alternative { rule, rule_span, span: entry.span, entry: Some(entry.clone()), conditions, path_prefix }
    };
    http.matches.iter().map(alternative).collect()
}

/// Says of each alternative of a VirtualService whether it gets requests.
pub fn reach(service: &VirtualService<'_>, alternatives: &[Alternative<'_>]) -> Vec<Reach> {
    let automata = Automata::default();
    let numbers = 0..alternatives.len();
    numbers.map(|number| reach_of(service, &alternatives[..=number], &automata)).collect()
}

/// Whether the last one of some alternatives gets requests.
fn reach_of(service: &VirtualService<'_>, alternatives: &[Alternative<'_>], automata: &Automata) -> Reach {
    let Some((later, earlier)) = alternatives.split_last() else { return Reach::Reached };
    let mut sample = match sample(later.path(), automata) {
        Search::Text(path) => path,
        Search::Empty => return Reach::Impossible,
        Search::Undecided => return Reach::Reached,
    };
    // The path is asked first: that is cheap, and mostly decides.
    let taker = |path: &[u8], is_meant: &dyn Fn(usize, &Alternative<'_>) -> bool| {
        earlier.iter().enumerate().position(|(number, it)| {
            it.takes_path(path) && is_meant(number, it) && it.asks_no_more_than(later, &service.bound_to, automata)
        })
    };
    if let Some(number) = taker(&sample, &|_, it| it.takes_paths_of(later) == Some(true)) {
        return Reach::TakenBy(vec![number]);
    }
    // Among plain texts only a single one could take all.
    let is_text = |path: &Condition| is_plain(path) && !matches!(path.matcher, Matcher::Regex(_));
    let mut paths = earlier.iter().filter_map(|it| it.path());
    let Some(path) = later.path().filter(|path| !is_text(path) || !paths.all(is_text)) else {
        return Reach::Reached;
    };
    let mut takers: Vec<usize> = Vec::new();
    while let Some(number) = taker(&sample, &|number, _| !takers.contains(&number)) {
        takers.push(number);
        let conditions: Vec<&Condition> = takers.iter().filter_map(|number| earlier[*number].path()).collect();
        if takers.len() > MOST_TOGETHER {
            return Reach::Reached;
        }
        match automata.find_path(path, &conditions) {
            Search::Text(other) => sample = other,
            Search::Undecided => return Reach::Reached,
            Search::Empty => {
                let alone = conditions.iter().position(|own| automata.find_path(path, &[own]) == Search::Empty);
                return Reach::TakenBy(alone.map_or(takers.clone(), |at| vec![takers[at]]));
            }
        }
    }
    Reach::Reached
}

fn path_of(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| matches!(condition.subject, Subject::Path { .. }))
}

/// What all paths begin with that a condition takes.
fn path_prefix(condition: &Condition) -> Vec<u8> {
    match &condition.matcher {
        Matcher::Regex(regex) => regex.literal_prefix(),
        Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::PathPrefix(text) if is_plain(condition) => {
            text.clone().into_bytes()
        }
        _ => Vec::new(),
    }
}

/// Whether the case of a path counts.
fn is_plain(path: &Condition) -> bool {
    matches!(path.subject, Subject::Path { ignore_case: false })
}

/// A path that a condition takes.
fn sample(path: Option<&Condition>, automata: &Automata) -> Search {
    let Some(condition) = path else { return Search::Text(b"/".to_vec()) };
    match &condition.matcher {
        Matcher::Prefix(prefix) if prefix.is_empty() => Search::Text(b"/".to_vec()),
        Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::PathPrefix(text) => match is_path(text.as_bytes()) {
            true => Search::Text(text.clone().into_bytes()),
            false => Search::Empty,
        },
        Matcher::Regex(regex) => match regex.sample().filter(|text| is_path(text)) {
            Some(path) => Search::Text(path),
            None => automata.find_path(condition, &[]),
        },
        Matcher::Present | Matcher::Invalid { .. } => Search::Undecided,
    }
}

/// Whether a path can begin with a text: it starts with a slash, and has neither query nor fragment nor blanks.
pub(super) fn is_path(text: &[u8]) -> bool {
    let is_foreign = |byte: &u8| *byte <= b' ' || *byte == 0x7F || *byte == b'?' || *byte == b'#';
    text.starts_with(b"/") && !text.iter().any(is_foreign)
}

impl Alternative<'_> {
    /// Whether it takes every request, wherever it may come from.
    pub fn takes_everything(&self) -> bool {
        let is_any = |entry: &HttpMatch<'_>| {
            entry.port.is_none()
                && entry.gateways.is_empty()
                && entry.source_labels.is_empty()
                && entry.source_namespace.is_none()
        };
        self.entry.as_ref().is_none_or(is_any) && self.conditions.iter().all(http::is_any_path)
    }

    fn path(&self) -> Option<&Condition> {
        path_of(&self.conditions)
    }

    fn takes_path(&self, path: &[u8]) -> bool {
        path.starts_with(&self.path_prefix) && self.path().is_none_or(|condition| condition.takes_path(path))
    }

    /// Whether it takes all paths of another one, as far as their texts tell.
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
            _ => None,
        }
    }

    /// Whether it holds wherever another one does, the path apart.
    fn asks_no_more_than(&self, later: &Self, bound_to: &[Bound], automata: &Automata) -> bool {
        let mut own = self.conditions.iter().filter(|condition| !matches!(condition.subject, Subject::Path { .. }));
        is_wherever(self.entry.as_ref(), later.entry.as_ref(), bound_to)
            && own.all(|condition| later.conditions.iter().any(|from| automata.follows(condition, from)))
    }
}

/// Whether an earlier match is there on every proxy that has a later one. A list of gateways takes the place of the
/// conditions on the client.
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
