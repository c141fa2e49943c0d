//! Conditions on a request: the field, the comparison, and the reason why one does not hold.
//!
//! [`MatchCondition::holds`] does what Envoy does. [`MatchSubject::part`], [`MatchCondition::takes_text`] and
//! [`MatchCondition::pattern`] are the same for code that reasons about all requests at once.

use std::borrow::Cow;

use super::part::RequestPart;
use super::regex::EnvoyRegex;
use super::request::HttpRequest;
use crate::model::networking::StringMatch;
use crate::re2::Pattern;
use crate::source::Span;
use crate::world::Origin;

/// One condition on a request.
#[derive(Debug, Clone)]
pub struct MatchCondition {
    /// The part of the request.
    pub subject: MatchSubject,
    /// The comparison.
    pub matcher: Matcher,
    /// The place of the condition.
    pub span: Span,
}

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchSubject {
    /// The path without its query string.
    Path {
        /// Whether exact texts and prefixes ignore case. Regular expressions never do.
        ignore_case: bool,
    },
    /// The method.
    Method,
    /// The scheme.
    Scheme,
    /// The authority, including its port.
    Authority,
    /// A header, by its name in lower case; some value must match.
    Header(String),
    /// A header, by its name in lower case; no value may match.
    WithoutHeader(String),
    /// A query parameter.
    Query(String),
    /// A claim of the token, by its path.
    Claim(Vec<String>),
    /// A claim of the token, by its path; it must not match.
    WithoutClaim(Vec<String>),
}

impl MatchSubject {
    /// The part of the request.
    pub fn part(&self) -> RequestPart {
        match self {
            Self::Path { .. } => RequestPart::Path,
            Self::Method => RequestPart::Method,
            Self::Scheme => RequestPart::Scheme,
            Self::Authority => RequestPart::Authority,
            Self::Header(name) | Self::WithoutHeader(name) => match name.as_str() {
                ":authority" | "host" => RequestPart::Authority,
                ":method" => RequestPart::Method,
                ":scheme" => RequestPart::Scheme,
                ":path" => RequestPart::PathAndQuery,
                name => RequestPart::Header(name.to_owned()),
            },
            Self::Query(name) => RequestPart::Query(name.clone()),
            Self::Claim(path) | Self::WithoutClaim(path) => RequestPart::Claim(path.clone()),
        }
    }

    /// Whether the condition holds if no text of the part matches.
    pub fn is_negative(&self) -> bool {
        matches!(self, Self::WithoutHeader(_) | Self::WithoutClaim(_))
    }

    /// Whether Envoy compares a missing value as an empty text.
    pub fn reads_missing_as_empty(&self) -> bool {
        matches!(self, Self::WithoutHeader(_))
    }
}

/// The most names in the path of a claim that a token can have: Envoy reads JSON with at most 100 levels (Protobuf:
/// `ParseOptions::kDefaultDepth`), and rejects a token that has more.
const DEEPEST_CLAIM: usize = 100;

/// Whether a token can have a claim at a path. Envoy accepts a condition on a deeper claim, which has no value in any
/// request.
pub(super) fn can_exist(claim: &[String]) -> bool {
    claim.len() <= DEEPEST_CLAIM
}

/// A comparison of a text.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// The text is present.
    Present,
    /// The text equals this.
    Exact(String),
    /// The text starts with this.
    Prefix(String),
    /// The path equals this, or continues after it with a slash. `/` is a prefix of every path (Envoy:
    /// `path_separated_prefix`).
    PathPrefix(String),
    /// The whole text matches.
    Regex(EnvoyRegex),
    /// A regular expression that Envoy rejects, and the whole configuration of the proxy with it.
    Invalid {
        /// The regular expression.
        source: String,
        /// RE2's error.
        reason: String,
    },
}

impl Matcher {
    /// A comparison with a path. Prefixes of the Gateway API and of Ingress end where a segment ends; a slash at their
    /// end does not count (istiod: `TranslateRouteMatch`).
    pub fn of_path(written: &StringMatch, origin: Origin) -> Self {
        // For headers and parameters, the regular expression `*` tests for presence. For paths it is an ordinary
        // expression.
        let matcher = written.regex.as_ref().map_or_else(|| Self::new(written), |regex| Self::of_regex(regex));
        match (matcher, origin) {
            (Self::Prefix(prefix), Origin::GatewayApi | Origin::Ingress) if prefix != "/" => {
                Self::PathPrefix(prefix.strip_suffix('/').unwrap_or(&prefix).to_owned())
            }
            (Self::Prefix(prefix), Origin::GatewayApi | Origin::Ingress) => Self::PathPrefix(prefix),
            (matcher, _) => matcher,
        }
    }

    /// A comparison. Of several members the last one in the order of the API counts. A comparison without members tests
    /// for presence, as does the regular expression `*` (istiod: `isCatchAllStringMatch`).
    pub fn new(written: &StringMatch) -> Self {
        match (&written.exact, &written.prefix, &written.regex) {
            (_, _, Some(regex)) if regex.as_str() == "*" => Self::Present,
            (_, _, Some(regex)) => Self::of_regex(regex),
            (_, Some(prefix), None) => Self::Prefix(prefix.value.clone()),
            (Some(exact), None, None) => Self::Exact(exact.value.clone()),
            (None, None, None) => Self::Present,
        }
    }

    fn of_regex(source: &str) -> Self {
        match EnvoyRegex::new(source) {
            Ok(regex) => Self::Regex(regex),
            Err(error) => Self::Invalid { source: source.to_owned(), reason: error.message },
        }
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::Exact(exact) => text == exact.as_bytes(),
            Self::Prefix(prefix) => text.starts_with(prefix.as_bytes()),
            Self::PathPrefix(prefix) => {
                text.strip_prefix(prefix.as_bytes()).is_some_and(|rest| is_segment_end(prefix, rest))
            }
            Self::Regex(regex) => regex.matches(text),
            Self::Invalid { .. } => false,
        }
    }

    fn matches_ignoring_case(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => text.eq_ignore_ascii_case(exact.as_bytes()),
            Self::Prefix(prefix) => {
                text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
            }
            Self::PathPrefix(prefix) => text.get(..prefix.len()).is_some_and(|start| {
                start.eq_ignore_ascii_case(prefix.as_bytes()) && is_segment_end(prefix, &text[prefix.len()..])
            }),
            other => other.matches(text),
        }
    }

    /// The kind of the comparison and its text, to find equal ones.
    pub fn key(&self) -> (&'static str, &str) {
        match self {
            Self::Present => ("present", ""),
            Self::Exact(text) => ("exact", text),
            Self::Prefix(prefix) => ("prefix", prefix),
            Self::PathPrefix(prefix) => ("path", prefix),
            Self::Regex(regex) => ("regex", regex.as_str()),
            Self::Invalid { source, .. } => ("invalid", source),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Present => "any value".to_owned(),
            Self::Exact(exact) => format!("{exact:?}"),
            Self::Prefix(prefix) => format!("a value that starts with {prefix:?}"),
            Self::PathPrefix(prefix) => format!("{prefix:?} or a path below it"),
            Self::Regex(regex) => format!("a match of {}", regex.as_str()),
            Self::Invalid { source, .. } => format!("a match of {source}, which RE2 rejects"),
        }
    }
}

/// Whether the end of a path prefix is the end of a segment.
fn is_segment_end(prefix: &str, rest: &[u8]) -> bool {
    prefix == "/" || matches!(rest.first(), None | Some(b'/'))
}

impl MatchCondition {
    /// Whether the condition holds for a request.
    pub fn holds(&self, request: &HttpRequest<'_>) -> bool {
        let matcher = &self.matcher;
        match &self.subject {
            MatchSubject::Path { .. } => self.takes_text(&request.path),
            MatchSubject::Method => matcher.matches(request.method.as_bytes()),
            MatchSubject::Scheme => matcher.matches(request.scheme.as_bytes()),
            MatchSubject::Authority => matcher.matches(request.authority.as_bytes()),
            MatchSubject::Header(name) => header_values(request, name).any(|value| matcher.matches(&value)),
            MatchSubject::WithoutHeader(name) => {
                let mut values = header_values(request, name).peekable();
                match matcher {
                    Matcher::Present => values.peek().is_none(),
                    // Envoy compares a missing header as an empty text.
                    _ if values.peek().is_none() => !matcher.matches(b""),
                    _ => !values.any(|value| matcher.matches(&value)),
                }
            }
            MatchSubject::Query(name) => request.query_parameter(name).is_some_and(|value| matcher.matches(value)),
            MatchSubject::Claim(path) => claim_values(request.claims, path).iter().any(|value| matcher.matches(value)),
            MatchSubject::WithoutClaim(path) => {
                !claim_values(request.claims, path).iter().any(|value| matcher.matches(value))
            }
        }
    }

    /// Whether a text of the part matches. A negative condition holds if none does.
    pub fn takes_text(&self, text: &[u8]) -> bool {
        match self.ignores_case() {
            true => self.matcher.matches_ignoring_case(text),
            false => self.matcher.matches(text),
        }
    }

    /// The texts that match.
    pub fn pattern(&self) -> Pattern {
        let ignores_case = self.ignores_case();
        match &self.matcher {
            Matcher::Present => Pattern::of_prefix(b"", false),
            Matcher::Exact(text) => Pattern::of_text(text.as_bytes(), ignores_case),
            Matcher::PathPrefix(prefix) if prefix != "/" => Pattern::of_segments(prefix.as_bytes(), ignores_case),
            Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix) => {
                Pattern::of_prefix(prefix.as_bytes(), ignores_case)
            }
            Matcher::Regex(regex) => regex.pattern(),
            Matcher::Invalid { .. } => Pattern::of_nothing(),
        }
    }

    /// Whether texts match in either case. Regular expressions never ignore case.
    pub fn ignores_case(&self) -> bool {
        matches!(self.subject, MatchSubject::Path { ignore_case: true }) && !matches!(self.matcher, Matcher::Regex(_))
    }

    /// The part of the request, for people.
    pub fn name(&self) -> String {
        match &self.subject {
            MatchSubject::Path { .. } => "path".to_owned(),
            MatchSubject::Method => "method".to_owned(),
            MatchSubject::Scheme => "scheme".to_owned(),
            MatchSubject::Authority => "authority".to_owned(),
            MatchSubject::Header(name) | MatchSubject::WithoutHeader(name) => format!("header {name}"),
            MatchSubject::Query(name) => format!("query parameter {name}"),
            MatchSubject::Claim(path) | MatchSubject::WithoutClaim(path) => format!("claim {}", path.join(".")),
        }
    }

    /// The value in the request; `None` if it has none.
    pub fn seen(&self, request: &HttpRequest<'_>) -> Option<String> {
        let values = match &self.subject {
            MatchSubject::Path { .. } => vec![request.path.as_ref()],
            MatchSubject::Method => vec![request.method.as_bytes()],
            MatchSubject::Scheme => vec![request.scheme.as_bytes()],
            MatchSubject::Authority => vec![request.authority.as_bytes()],
            MatchSubject::Header(name) | MatchSubject::WithoutHeader(name) => {
                let values = header_values(request, name).collect::<Vec<_>>();
                return (!values.is_empty()).then(|| String::from_utf8_lossy(&values.join(&b", "[..])).into_owned());
            }
            MatchSubject::Query(name) => request.query_parameter(name).into_iter().collect(),
            MatchSubject::Claim(path) | MatchSubject::WithoutClaim(path) => claim_values(request.claims, path),
        };
        (!values.is_empty()).then(|| String::from_utf8_lossy(&values.join(&b", "[..])).into_owned())
    }

    /// The value that the condition requires, for people.
    pub fn wanted(&self) -> String {
        let matcher = self.matcher.describe();
        match (&self.subject, &self.matcher) {
            (MatchSubject::Claim(path), _) if !can_exist(path) => {
                format!("{matcher}, which no token has: Envoy rejects tokens with more than {DEEPEST_CLAIM} levels")
            }
            (MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_), Matcher::Present) => "no value".to_owned(),
            (MatchSubject::WithoutHeader(_) | MatchSubject::WithoutClaim(_), _) => format!("anything but {matcher}"),
            (
                MatchSubject::Path { ignore_case: true },
                Matcher::Exact(_) | Matcher::Prefix(_) | Matcher::PathPrefix(_),
            ) => {
                format!("{matcher}, ignoring case")
            }
            _ => matcher,
        }
    }
}

/// The values of a header or of an HTTP/2 pseudo header.
fn header_values<'r>(request: &'r HttpRequest<'_>, name: &'r str) -> impl Iterator<Item = Cow<'r, [u8]>> {
    let pseudo = pseudo_header(request, name);
    let of_headers = pseudo.is_none().then(|| request.header_values(name)).into_iter().flatten();
    pseudo.into_iter().chain(of_headers.map(Cow::Borrowed))
}

/// The value of an HTTP/2 pseudo header; `None` for other names. `host` is another name of `:authority`.
fn pseudo_header<'r>(request: &'r HttpRequest<'_>, name: &str) -> Option<Cow<'r, [u8]>> {
    Some(match name {
        ":authority" | "host" => request.authority.as_bytes().into(),
        ":method" => request.method.as_bytes().into(),
        ":scheme" => request.scheme.as_bytes().into(),
        // `:path` includes the query string.
        ":path" => match &request.query {
            Some(query) => [request.path.as_ref(), b"?", query.as_ref()].concat().into(),
            None => request.path.as_ref().into(),
        },
        _ => return None,
    })
}

/// The texts of a claim: a text, or the texts of a list. Numbers and booleans never match.
fn claim_values<'r>(claims: &'r serde_json::Value, path: &[String]) -> Vec<&'r [u8]> {
    match path.iter().try_fold(claims, |value, key| value.get(key)).filter(|_| can_exist(path)) {
        Some(serde_json::Value::String(text)) => vec![text.as_bytes()],
        Some(serde_json::Value::Array(items)) => {
            items.iter().filter_map(|item| Some(item.as_str()?.as_bytes())).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pseudo_header_of_the_path_has_the_query_string() {
        let request = HttpRequest { path: b"/a".into(), query: Some(b"q=1".into()), ..HttpRequest::default() };
        assert_eq!(header_values(&request, ":path").collect::<Vec<_>>(), [b"/a?q=1".as_slice()]);
    }
}
