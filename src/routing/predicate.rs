//! Conditions on a request: what they look at, how they compare, and why one does not hold.
//!
//! [`Condition::holds`] is what Envoy does; `subject` and `matcher` are the same as data, for whoever reasons about
//! all requests at once.

use std::borrow::Cow;

use super::regex::Regex;
use super::request::Request;
use crate::model::networking::StringMatch;
use crate::source::Span;
use crate::world::Origin;

/// One condition on a request.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What is looked at.
    pub subject: Subject,
    /// How it is compared.
    pub matcher: Matcher,
    /// Where the condition is written.
    pub span: Span,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The path without its query string.
    Path {
        /// Whether exact texts and prefixes are compared without regard to case. Regular expressions never are.
        ignore_case: bool,
    },
    /// The method.
    Method,
    /// The scheme.
    Scheme,
    /// The authority as it was sent, with its port.
    Authority,
    /// A header, by its name in lower case: some value has to match.
    Header(String),
    /// A header, by its name in lower case: no value may match.
    WithoutHeader(String),
    /// A query parameter.
    Query(String),
    /// A claim of the token, by its path.
    Claim(Vec<String>),
    /// A claim of the token, by its path: it must not match.
    WithoutClaim(Vec<String>),
}

/// How a text is compared.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// It has to be there.
    Present,
    /// It has to be this.
    Exact(String),
    /// It has to start with this.
    Prefix(String),
    /// It has to be this, or start with this and a slash. `/` is the start of every path
    /// (Envoy: `path_separated_prefix`).
    PathPrefix(String),
    /// It has to match as a whole.
    Regex(Regex),
    /// An expression that Envoy refuses, and the proxy's whole configuration with it.
    Invalid {
        /// The expression.
        source: String,
        /// Why it is refused.
        reason: String,
    },
}

impl Matcher {
    /// Reads a comparison with a path. Prefixes of the Gateway API and of Ingress end where a segment does; one slash
    /// at their end does not count (istiod: `TranslateRouteMatch`).
    pub fn of_path(written: &StringMatch, origin: Origin) -> Self {
        // The `*` that asks for the presence of headers and parameters is no expression of a path's.
        let matcher = written.regex.as_ref().map_or_else(|| Self::new(written), |regex| Self::of_regex(regex));
        match (matcher, origin) {
            (Self::Prefix(prefix), Origin::GatewayApi | Origin::Ingress) if prefix != "/" => {
                Self::PathPrefix(prefix.strip_suffix('/').unwrap_or(&prefix).to_owned())
            }
            (Self::Prefix(prefix), Origin::GatewayApi | Origin::Ingress) => Self::PathPrefix(prefix),
            (matcher, _) => matcher,
        }
    }

    /// Reads a comparison. Of several members the last one in the order of the API counts; without any it asks for
    /// presence, as does the regular expression `*` (istiod: `isCatchAllStringMatch`).
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
        match Regex::new(source) {
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

    fn describe(&self) -> String {
        match self {
            Self::Present => "any value".to_owned(),
            Self::Exact(exact) => format!("{exact:?}"),
            Self::Prefix(prefix) => format!("{prefix:?} at the start"),
            Self::PathPrefix(prefix) => format!("{prefix:?} or a path below it"),
            Self::Regex(regex) => format!("a match of {}", regex.as_str()),
            Self::Invalid { source, .. } => format!("a match of {source}, which is not RE2"),
        }
    }
}

/// Whether a path prefix ends where a segment of the path does.
fn is_segment_end(prefix: &str, rest: &[u8]) -> bool {
    prefix == "/" || matches!(rest.first(), None | Some(b'/'))
}

impl Condition {
    /// Whether the condition holds for a request.
    pub fn holds(&self, request: &Request<'_>) -> bool {
        let matcher = &self.matcher;
        match &self.subject {
            Subject::Path { .. } => self.takes_path(&request.path),
            Subject::Method => matcher.matches(request.method.as_bytes()),
            Subject::Scheme => matcher.matches(request.scheme.as_bytes()),
            Subject::Authority => matcher.matches(request.authority.as_bytes()),
            Subject::Header(name) => header_values(request, name).iter().any(|value| matcher.matches(value)),
            Subject::WithoutHeader(name) => {
                let values = header_values(request, name);
                match matcher {
                    Matcher::Present => values.is_empty(),
                    // A header that is missing is compared as an empty one.
                    _ if values.is_empty() => !matcher.matches(b""),
                    _ => !values.iter().any(|value| matcher.matches(value)),
                }
            }
            Subject::Query(name) => request.query_parameter(name).is_some_and(|value| matcher.matches(value)),
            Subject::Claim(path) => claim_values(request.claims, path).iter().any(|value| matcher.matches(value)),
            Subject::WithoutClaim(path) => {
                !claim_values(request.claims, path).iter().any(|value| matcher.matches(value))
            }
        }
    }

    /// Whether a condition on the path holds for a path.
    pub fn takes_path(&self, path: &[u8]) -> bool {
        match self.subject {
            Subject::Path { ignore_case: true } => self.matcher.matches_ignoring_case(path),
            _ => self.matcher.matches(path),
        }
    }

    /// What is looked at, as people call it.
    pub fn name(&self) -> String {
        match &self.subject {
            Subject::Path { .. } => "path".to_owned(),
            Subject::Method => "method".to_owned(),
            Subject::Scheme => "scheme".to_owned(),
            Subject::Authority => "authority".to_owned(),
            Subject::Header(name) | Subject::WithoutHeader(name) => format!("header {name}"),
            Subject::Query(name) => format!("query parameter {name}"),
            Subject::Claim(path) | Subject::WithoutClaim(path) => format!("claim {}", path.join(".")),
        }
    }

    /// What the request has there; `None` if it has nothing.
    pub fn seen(&self, request: &Request<'_>) -> Option<String> {
        let values = match &self.subject {
            Subject::Path { .. } => vec![request.path.as_ref()],
            Subject::Method => vec![request.method.as_bytes()],
            Subject::Scheme => vec![request.scheme.as_bytes()],
            Subject::Authority => vec![request.authority.as_bytes()],
            Subject::Header(name) | Subject::WithoutHeader(name) => {
                let values = header_values(request, name);
                return (!values.is_empty()).then(|| String::from_utf8_lossy(&values.join(&b", "[..])).into_owned());
            }
            Subject::Query(name) => request.query_parameter(name).into_iter().collect(),
            Subject::Claim(path) | Subject::WithoutClaim(path) => claim_values(request.claims, path),
        };
        (!values.is_empty()).then(|| String::from_utf8_lossy(&values.join(&b", "[..])).into_owned())
    }

    /// What the condition asks for.
    pub fn wanted(&self) -> String {
        let matcher = self.matcher.describe();
        match (&self.subject, &self.matcher) {
            (Subject::WithoutHeader(_) | Subject::WithoutClaim(_), Matcher::Present) => "none".to_owned(),
            (Subject::WithoutHeader(_) | Subject::WithoutClaim(_), _) => format!("anything but {matcher}"),
            (Subject::Path { ignore_case: true }, Matcher::Exact(_) | Matcher::Prefix(_) | Matcher::PathPrefix(_)) => {
                format!("{matcher}, in any case")
            }
            _ => matcher,
        }
    }
}

/// The values of a header, be it one of HTTP/2's pseudo headers. `host` is another name of `:authority`.
fn header_values<'r>(request: &'r Request<'_>, name: &'r str) -> Vec<Cow<'r, [u8]>> {
    match name {
        ":authority" | "host" => vec![request.authority.as_bytes().into()],
        ":method" => vec![request.method.as_bytes().into()],
        ":scheme" => vec![request.scheme.as_bytes().into()],
        // This one has the query string.
        ":path" => vec![match &request.query {
            Some(query) => [request.path.as_ref(), b"?", query.as_ref()].concat().into(),
            None => request.path.as_ref().into(),
        }],
        name => request.header_values(name).map(Cow::Borrowed).collect(),
    }
}

/// The texts of a claim: a text itself, the texts of a list, the words of the lists that tokens write as one text.
/// Numbers and booleans never match.
fn claim_values<'r>(claims: &'r serde_json::Value, path: &[String]) -> Vec<&'r [u8]> {
    const WORD_LISTS: [&str; 2] = ["scope", "permission"];
    let found = path.iter().try_fold(claims, |value, key| value.get(key));
    match (found, path) {
        (Some(serde_json::Value::String(words)), [name]) if WORD_LISTS.contains(&name.as_str()) => {
            words.split(' ').map(str::as_bytes).collect()
        }
        (Some(serde_json::Value::String(text)), _) => vec![text.as_bytes()],
        (Some(serde_json::Value::Array(items)), _) => {
            items.iter().filter_map(|item| Some(item.as_str()?.as_bytes())).collect()
        }
        _ => Vec::new(),
    }
}

/// The path of the claim that a header name stands for: `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`
/// (istiod: `pkg/jwt/routing.go`).
pub(super) fn claim_path(header: &str) -> Option<Vec<String>> {
    const PREFIX: &str = "@request.auth.claims";
    let start = header.get(..PREFIX.len())?;
    let rest = &header[PREFIX.len()..];
    if !start.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    if let Some(dotted) = rest.strip_prefix('.').filter(|dotted| !dotted.is_empty()) {
        return Some(dotted.split('.').map(str::to_owned).collect());
    }
    let inner = rest.strip_prefix('[')?.strip_suffix(']').filter(|inner| !inner.is_empty())?;
    Some(inner.split("][").map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pseudo_header_of_the_path_has_the_query_string() {
        let request = Request { path: b"/a".into(), query: Some(b"q=1".into()), ..Request::default() };
        assert_eq!(header_values(&request, ":path"), [b"/a?q=1".as_slice()]);
    }
}
