//! Requests that meet conditions: a witness that two matches overlap, a request for a rule of a route table.
//!
//! A [`Sample`] is a request of which a part is given. The other part is chosen so that all conditions hold, and so
//! that no earlier rule takes the request.

use super::automata::Automata;
use super::http;
use super::predicate::{MatchCondition, MatchSubject, Matcher, can_exist};
use super::regex::EnvoyRegex;
use super::request::HttpRequest;
use super::route::HttpMatch;
use crate::model::networking::HttpMatchRequest;
use crate::re2::{Search, find_text};
use crate::source::Span;
use crate::world::VirtualService;

/// A request, of which some parts are given and the others may be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The authority.
    pub authority: String,
    /// The method.
    pub method: String,
    /// The scheme.
    pub scheme: String,
    /// The path without its query string.
    pub path: String,
    /// The query parameters.
    pub query: Vec<(String, String)>,
    /// The headers, by their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The claims of the token.
    pub claims: serde_json::Value,
    /// The parts that stay as they are.
    pub given: Vec<MatchSubject>,
}

impl Default for Sample {
    /// `GET /` over plaintext, of which only the scheme is given.
    fn default() -> Self {
        Self {
            authority: String::new(),
            method: "GET".to_owned(),
            scheme: "http".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            claims: serde_json::Value::Null,
            given: vec![MatchSubject::Scheme],
        }
    }
}

/// Values of headers and parameters that are tried before any others.
const PLAIN_VALUES: [&str; 3] = ["1", "other", ""];

/// Methods that are tried.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// The changes that are tried beyond one for each earlier rule.
const MORE_CHANGES: usize = 8;

impl Sample {
    /// A request that meets a match of a VirtualService. `None` if there is none, or if none is easily found.
    pub fn of_match(virtual_service: &VirtualService<'_>, route_match: &HttpMatchRequest) -> Option<Self> {
        let compiled = HttpMatch::new(0, route_match, &virtual_service.name.namespace);
        let conditions = http::conditions(&compiled, virtual_service.origin);
        let conditions: Vec<&MatchCondition> = conditions.iter().collect();
        Self { given: Vec::new(), ..Self::default() }.meeting(&conditions, &Automata::default())
    }

    /// The request with the values that conditions require. `None` if the given parts contradict a condition, or if no
    /// values are easily found.
    pub fn meeting(&self, conditions: &[&MatchCondition], automata: &Automata) -> Option<Self> {
        let mut found = self.clone();
        let mut settled: Vec<&MatchSubject> = Vec::new();
        for condition in conditions {
            if settled.contains(&&condition.subject) {
                continue;
            }
            settled.push(&condition.subject);
            let same: Vec<&MatchCondition> =
                conditions.iter().copied().filter(|it| it.subject == condition.subject).collect();
            let holds = |sample: &Self| same.iter().all(|it| it.holds(&sample.request()));
            if !holds(&found) {
                let values: Vec<Self> = found.values_for(&same, automata).collect();
                found = values.into_iter().find(holds)?;
            }
        }
        let request = found.request();
        conditions.iter().all(|condition| condition.holds(&request)).then_some(found)
    }

    /// The request with the values that conditions require, and such that none of the earlier rules takes it. `None` if no
    /// such request is easily found.
    pub fn past(
        &self,
        conditions: &[&MatchCondition],
        earlier: &[&[MatchCondition]],
        automata: &Automata,
    ) -> Option<Self> {
        let mut found = self.meeting(conditions, automata)?;
        let mut avoided: Vec<&MatchCondition> = Vec::new();
        for _ in 0..=earlier.len() + MORE_CHANGES {
            let request = found.request();
            let takes = |rule: &&&[MatchCondition]| rule.iter().all(|condition| condition.holds(&request));
            let Some(taker) = earlier.iter().find(takes) else { return Some(found) };
            let of_path = taker.iter().find(|it| matches!(it.subject, MatchSubject::Path { .. }));
            avoided.extend(of_path);
            found = found.evading(taker, conditions, &avoided, automata)?;
        }
        None
    }

    /// The request with one change, so that one of the conditions of `taker` no longer holds, and all of `own` do.
    fn evading(
        &self,
        taker: &[MatchCondition],
        own: &[&MatchCondition],
        avoided: &[&MatchCondition],
        automata: &Automata,
    ) -> Option<Self> {
        let is_good = |sample: &Self, evaded: &MatchCondition| {
            let request = sample.request();
            !evaded.holds(&request) && own.iter().all(|condition| condition.holds(&request))
        };
        taker.iter().find_map(|evaded| {
            let changes: Vec<Self> = match &evaded.subject {
                MatchSubject::Path { .. } => self.other_paths(own, avoided, automata),
                MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_) => {
                    let wanted = MatchCondition { subject: positive(&evaded.subject), ..evaded.clone() };
                    self.values_for(&[&wanted], automata).collect()
                }
                MatchSubject::Method => METHODS.iter().filter_map(|value| self.with(&evaded.subject, value)).collect(),
                subject => PLAIN_VALUES.iter().filter_map(|value| self.with(subject, value)).collect(),
            };
            changes.into_iter().find(|sample| is_good(sample, evaded))
        })
    }

    /// Requests with other paths, which none of the avoided conditions takes.
    fn other_paths(&self, own: &[&MatchCondition], avoided: &[&MatchCondition], automata: &Automata) -> Vec<Self> {
        let is_path = |it: &&&MatchCondition| matches!(it.subject, MatchSubject::Path { .. });
        let any = any_path(avoided[0].span);
        let wanted = own.iter().find(is_path).copied().unwrap_or(&any);
        let plain = ["/other".to_owned(), format!("{}/other", self.path.trim_end_matches('/'))];
        let is_free = |path: &String| {
            wanted.takes_text(path.as_bytes()) && !avoided.iter().any(|it| it.takes_text(path.as_bytes()))
        };
        let plain = plain.into_iter().find(is_free);
        let path = plain.or_else(|| automata.find_path(wanted, avoided).into_utf8());
        path.and_then(|path| self.with(&any.subject, &path)).into_iter().collect()
    }

    /// Requests with values for the one part that all these conditions are about, the most natural ones first.
    fn values_for(&self, same: &[&MatchCondition], automata: &Automata) -> impl Iterator<Item = Self> {
        let subject = same[0].subject.clone();
        let matchers: Vec<&Matcher> = same.iter().map(|condition| &condition.matcher).collect();
        let values = match &subject {
            MatchSubject::Path { .. } => {
                let texts = same.iter().filter_map(|it| path(Some(it), automata).into_utf8());
                let mut texts: Vec<String> = texts.collect();
                texts.extend(automata.find_common_path(same).into_utf8().filter(|_| same.len() > 1));
                texts
            }
            // Nothing but the lack of a value helps.
            MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_) => Vec::new(),
            _ => {
                let takes = |value: &&str| matchers.iter().all(|matcher| matcher.matches(value.as_bytes()));
                let is_method = subject == MatchSubject::Method;
                let mut texts: Vec<String> = matchers.iter().filter_map(|it| it.exact()).collect();
                let plain = if is_method { &METHODS[..] } else { &PLAIN_VALUES[..] };
                texts.extend(plain.iter().copied().filter(takes).map(str::to_owned).take(1));
                texts.extend(matchers.iter().filter_map(|matcher| matcher.sample()));
                if matchers.len() > 1 {
                    texts.extend(automata.find_common_value(&matchers).into_utf8());
                }
                texts
            }
        };
        let sample = self.clone();
        values.into_iter().filter_map(move |value| sample.with(&subject, &value))
    }

    /// The request with another value of one part. `None` if the part is given.
    fn with(&self, subject: &MatchSubject, value: &str) -> Option<Self> {
        let is_path = |it: &MatchSubject| matches!(it, MatchSubject::Path { .. });
        let is_claim = |it: &MatchSubject| matches!(it, MatchSubject::Claim(_));
        let is_same = |it: &MatchSubject| {
            it == subject || (is_path(it) && is_path(subject)) || (is_claim(it) && is_claim(subject))
        };
        if self.given.iter().any(is_same) {
            return None;
        }
        let mut changed = self.clone();
        let value = value.to_owned();
        match subject {
            MatchSubject::Path { .. } => changed.path = value,
            MatchSubject::Method => changed.method = value,
            MatchSubject::Scheme => changed.scheme = value,
            MatchSubject::Authority => changed.authority = value,
            MatchSubject::Header(name) => match name.as_str() {
                ":authority" | "host" => changed.authority = value,
                ":method" => changed.method = value,
                ":path" | ":scheme" => return None,
                name => put(&mut changed.headers, name, value),
            },
            MatchSubject::Query(name) => put(&mut changed.query, name, value),
            MatchSubject::Claim(path) => changed.set_claim(path, value.into())?,
            MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_) => return None,
        }
        Some(changed)
    }

    /// Sets a claim by its path. `None` if no token can have it.
    pub fn set_claim(&mut self, path: &[String], value: serde_json::Value) -> Option<()> {
        if !can_exist(path) {
            return None;
        }
        let mut place = &mut self.claims;
        for name in path {
            if !place.is_object() {
                *place = serde_json::Value::Object(serde_json::Map::new());
            }
            place = &mut place[name.as_str()];
        }
        *place = value;
        Some(())
    }

    /// The request as Envoy's router sees it.
    pub fn request(&self) -> HttpRequest<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().into()));
        HttpRequest {
            authority: self.authority.as_str().into(),
            method: self.method.as_str().into(),
            scheme: self.scheme.as_str().into(),
            path: self.path.as_bytes().into(),
            query: (!self.query.is_empty()).then(|| self.query_string().into_bytes().into()),
            headers: headers.collect(),
            claims: &self.claims,
            ..HttpRequest::default()
        }
    }

    /// The query string without the `?`.
    pub fn query_string(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// The path with its query string.
    pub fn path_and_query(&self) -> String {
        let separator = if self.query.is_empty() { "" } else { "?" };
        format!("{}{separator}{}", self.path, self.query_string())
    }
}

fn put(pairs: &mut Vec<(String, String)>, name: &str, value: String) {
    match pairs.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => pairs.push((name.to_owned(), value)),
    }
}

/// The part of a request whose value a negative condition is about.
fn positive(subject: &MatchSubject) -> MatchSubject {
    match subject {
        MatchSubject::WithoutHeader(name) => MatchSubject::Header(name.clone()),
        MatchSubject::WithoutClaim(path) => MatchSubject::Claim(path.clone()),
        other => other.clone(),
    }
}

fn any_path(span: Span) -> MatchCondition {
    let subject = MatchSubject::Path { ignore_case: false };
    MatchCondition { subject, matcher: Matcher::Prefix("/".to_owned()), span }
}

/// Some path that a condition takes.
pub(super) fn path(condition: Option<&MatchCondition>, automata: &Automata) -> Search {
    let Some(condition) = condition else { return Search::Text(b"/".to_vec()) };
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

/// Whether a path can start with a text: it starts with a slash, and has no query, fragment or blanks.
pub(super) fn is_path(text: &[u8]) -> bool {
    let is_foreign = |byte: &u8| *byte <= b' ' || *byte == 0x7F || *byte == b'?' || *byte == b'#';
    text.starts_with(b"/") && !text.iter().any(is_foreign)
}

impl Matcher {
    /// A text that matches. `None` if none is easily found.
    pub fn sample(&self) -> Option<String> {
        match self {
            Self::Present => Some(String::new()),
            Self::Exact(text) | Self::Prefix(text) | Self::PathPrefix(text) => Some(text.clone()),
            Self::Regex(regex) => {
                regex.sample().and_then(|text| String::from_utf8(text).ok()).or_else(|| shortest(regex))
            }
            Self::Invalid { .. } => None,
        }
    }

    fn exact(&self) -> Option<String> {
        match self {
            Self::Exact(text) => Some(text.clone()),
            _ => None,
        }
    }
}

fn shortest(regex: &EnvoyRegex) -> Option<String> {
    find_text(&[&regex.language()?], &[]).into_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn condition(subject: MatchSubject, matcher: Matcher) -> MatchCondition {
        let file = Sources::default().add("a.yaml", String::new());
        MatchCondition { subject, matcher, span: Span::new(file, 0, 0) }
    }

    fn path_is(text: &str) -> MatchCondition {
        condition(MatchSubject::Path { ignore_case: false }, Matcher::Exact(text.to_owned()))
    }

    fn header(name: &str, value: &str) -> MatchCondition {
        condition(MatchSubject::Header(name.to_owned()), Matcher::Exact(value.to_owned()))
    }

    #[test]
    fn a_request_gets_past_earlier_rules() {
        let automata = Automata::default();
        let without = condition(MatchSubject::WithoutHeader("x".to_owned()), Matcher::Present);
        let get = condition(MatchSubject::Method, Matcher::Exact("GET".to_owned()));
        let rules = [vec![path_is("/")], vec![path_is("/other")], vec![without], vec![get]];
        let earlier: Vec<&[MatchCondition]> = rules.iter().map(Vec::as_slice).collect();
        let found = Sample::default().past(&[], &earlier, &automata).unwrap();
        assert_eq!((found.method.as_str(), found.headers.len()), ("POST", 1));
        assert!(found.path != "/" && found.path != "/other");
        // Nothing gets past a rule for all paths.
        let all = [condition(MatchSubject::Path { ignore_case: false }, Matcher::Prefix("/".to_owned()))];
        assert_eq!(Sample::default().past(&[], &[&all], &automata), None);
    }

    #[test]
    fn a_given_part_stays() {
        let automata = Automata::default();
        let jason = header("end-user", "jason");
        let given = vec![MatchSubject::Header("end-user".to_owned())];
        let headers = |value: &str| vec![("end-user".to_owned(), value.to_owned())];
        let sample = |value| Sample { headers: headers(value), given: given.clone(), ..Sample::default() };
        assert!(sample("jason").meeting(&[&jason], &automata).is_some());
        assert_eq!(sample("mary").meeting(&[&jason], &automata), None);
        assert_eq!(sample("jason").past(&[], &[std::slice::from_ref(&jason)], &automata), None);
        assert_eq!(Sample::default().meeting(&[&jason], &automata).unwrap().headers, headers("jason"));
    }
    #[test]
    fn a_claim_is_only_as_deep_as_envoy_reads_tokens() {
        let automata = Automata::default();
        let claim = |depth: usize| {
            let path = vec!["a".to_owned(); depth];
            condition(MatchSubject::Claim(path), Matcher::Exact("x".to_owned()))
        };
        assert!(Sample::default().meeting(&[&claim(100)], &automata).is_some());
        for depth in [101, 60_000] {
            assert_eq!(Sample::default().meeting(&[&claim(depth)], &automata), None);
            let without =
                MatchCondition { subject: MatchSubject::WithoutClaim(vec!["a".to_owned(); depth]), ..claim(1) };
            assert!(Sample::default().meeting(&[&without], &automata).is_some());
        }
    }
}
