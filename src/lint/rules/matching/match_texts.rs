//! The texts that a match compares.

use crate::advice::{Advice, Edit};
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::source::{Span, Spanned};

/// A part of a request that a match compares with a text or an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MatchText<'m> {
    /// `uri`.
    Path,
    /// `scheme`.
    Scheme,
    /// `method`.
    Method,
    /// `authority`.
    Authority,
    /// A header of `headers`.
    Header(&'m str),
    /// A header of `withoutHeaders`, which must not match.
    WithoutHeader(&'m str),
    /// A parameter of `queryParams`.
    Query(&'m str),
}

impl MatchText<'_> {
    /// Whether values of the part can start with a slash.
    pub fn can_have_slashes(self) -> bool {
        matches!(self, Self::Path | Self::Header(_) | Self::WithoutHeader(_) | Self::Query(_))
    }

    /// Whether an empty comparison tests for presence.
    pub fn may_be_missing(self) -> bool {
        matches!(self, Self::Header(_) | Self::WithoutHeader(_) | Self::Query(_))
    }

    /// Whether requests usually have a value that looks like a pattern: `Accept: */*`, `If-None-Match: *`.
    pub fn can_be_pattern(self, value: &str) -> bool {
        let (Self::Header(name) | Self::WithoutHeader(name)) = self else { return false };
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "if-match" | "if-none-match" | "access-control-request-headers" => value == "*",
            _ => name.starts_with("accept") || name.contains("content-type"),
        }
    }
}

/// The texts that a match compares, in the order of the API.
pub(super) fn match_texts(http_match: &HttpMatchRequest) -> Vec<(MatchText<'_>, &StringMatch)> {
    let single = [
        (MatchText::Path, &http_match.uri),
        (MatchText::Scheme, &http_match.scheme),
        (MatchText::Method, &http_match.method),
        (MatchText::Authority, &http_match.authority),
    ];
    let single = single.into_iter().filter_map(|(part, value)| Some((part, value.as_ref()?)));
    let headers = http_match.headers.iter().map(|(name, value)| (MatchText::Header(name.as_str()), value));
    let parameters = http_match.query_params.iter().map(|(name, value)| (MatchText::Query(name.as_str()), value));
    let without = http_match.without_headers.iter();
    let without = without.map(|(name, value)| (MatchText::WithoutHeader(name.as_str()), value));
    single.chain(headers).chain(parameters).chain(without).collect()
}

/// The field that Envoy compares as plain text, `exact` or `prefix`, and its text.
pub(super) fn plain_text(string_match: &StringMatch) -> Option<(&'static str, &Spanned<String>)> {
    match (&string_match.regex, &string_match.prefix, &string_match.exact) {
        (Some(_), ..) => None,
        (None, Some(prefix), _) => Some(("prefix", prefix)),
        (None, None, exact) => exact.as_ref().map(|exact| ("exact", exact)),
    }
}

/// The API in whose words a help is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MatchApi {
    /// VirtualServices.
    Istio,
    /// HTTPRoutes.
    GatewayApi,
}

impl MatchApi {
    /// Advice to use a regular expression.
    pub fn regex(self, expression: &str) -> String {
        match self {
            Self::Istio => format!("write `regex: {expression}`"),
            Self::GatewayApi => format!("use type `RegularExpression` with value `{expression}`"),
        }
    }

    /// Advice to use a prefix of a path, which ends with a slash.
    pub fn prefix(self, prefix: &str) -> String {
        match (self, prefix.strip_suffix('/')) {
            (Self::Istio, _) => format!("write `prefix: {prefix}`"),
            (Self::GatewayApi, None | Some("")) => "use type `PathPrefix` with value `/`".to_owned(),
            (Self::GatewayApi, Some(path)) => format!("use type `PathPrefix` with value `{path}`"),
        }
    }

    /// Advice to use a regular expression instead of the text at a place.
    pub fn regex_at(self, place: Span, expression: String) -> Advice {
        match self {
            Self::Istio => Advice::write(Edit::replace(place, "regex", expression)),
            Self::GatewayApi => self.regex(&expression).into(),
        }
    }

    /// Advice to use a prefix of a path, which ends with a slash, instead of the text at a place.
    pub fn prefix_at(self, place: Span, prefix: &str) -> Advice {
        match self {
            Self::Istio => Advice::write(Edit::replace(place, "prefix", prefix)),
            Self::GatewayApi => self.prefix(prefix).into(),
        }
    }

    /// Advice to test whether there is a value.
    pub fn presence(self) -> String {
        match self {
            Self::Istio => "use `{}` to test for presence".to_owned(),
            Self::GatewayApi => self.regex(".*"),
        }
    }
}
