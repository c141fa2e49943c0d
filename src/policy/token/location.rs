//! The places of a request in which rules look for tokens (Envoy: `jwt_authn/extractor.cc`).

use std::borrow::Cow;

use crate::model::field::TextField;
use crate::model::security::JwtRule;
use crate::routing::HttpRequest;

/// The place of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenLocation<'r> {
    /// A header, by its name in lower case.
    Header(Cow<'r, str>),
    /// A query parameter.
    Parameter(&'r str),
    /// A cookie.
    Cookie,
    /// The place is not known: the request only says that it has a token.
    Anywhere,
}

/// The locations of a rule that names none.
const AUTHORIZATION: &str = "authorization";
const BEARER: &str = "Bearer ";
const ACCESS_TOKEN: &str = "access_token";

/// The texts that a rule takes for tokens, in Envoy's order: those of headers, parameters and cookies.
pub(super) fn found<'r, 'a: 'r>(request: &HttpRequest<'_>, rule: &'a JwtRule) -> Vec<(TokenLocation<'r>, Vec<u8>)> {
    let is_default = rule.from_headers.is_empty() && rule.from_params.is_empty() && rule.from_cookies.is_empty();
    let mut headers: Vec<(Cow<'r, str>, &str)> = rule
        .from_headers
        .iter()
        .map(|header| (header.name.text().to_ascii_lowercase().into(), header.prefix.text()))
        .collect();
    if is_default {
        headers.push((AUTHORIZATION.into(), BEARER));
    }
    headers.sort_by(|(a, x), (b, y)| (a.as_ref(), x).cmp(&(b.as_ref(), y)));
    let mut found = Vec::new();
    for (name, prefix) in headers {
        let values = request.header_values(&name).filter_map(|value| after_prefix(value, prefix));
        found.extend(values.map(|token| (TokenLocation::Header(name.clone()), token.to_vec())));
    }
    let own = rule.from_params.iter().map(|name| name.as_str());
    let mut parameters: Vec<&'r str> = own.chain(is_default.then_some(ACCESS_TOKEN)).collect();
    parameters.sort_unstable();
    for name in parameters {
        let value = request.query_parameter(name);
        found.extend(value.map(|token| (TokenLocation::Parameter(name), token.to_vec())));
    }
    let mut cookies: Vec<&str> = rule.from_cookies.iter().map(|name| name.as_str()).collect();
    cookies.sort_unstable();
    let values = cookies.into_iter().filter_map(|name| cookie(request, name));
    found.extend(values.map(|token| (TokenLocation::Cookie, token)));
    found
}

/// Whether the request has a bearer token in the usual header.
pub(super) fn has_bearer_token(request: &HttpRequest<'_>) -> bool {
    request.header_values(AUTHORIZATION).any(|value| after_prefix(value, BEARER).is_some())
}

/// The token after a prefix, which can be anywhere in the value. Without a prefix the whole value is the token.
fn after_prefix<'v>(value: &'v [u8], prefix: &str) -> Option<&'v [u8]> {
    if prefix.is_empty() {
        return Some(value);
    }
    let at = value.windows(prefix.len()).position(|window| window == prefix.as_bytes())? + prefix.len();
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    // Without any character of a token after the prefix, Envoy takes the whole value.
    Some(value[at..].iter().position(is_of_token).map_or(value, |start| &value[at + start..]))
}

fn cookie(request: &HttpRequest<'_>, name: &str) -> Option<Vec<u8>> {
    let lines = request.header_values("cookie");
    let mut pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.find_map(|pair| {
        let pair = pair.trim_ascii();
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        let quoted = value.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
        Some(quoted.unwrap_or(value).to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_follows_a_prefix_anywhere_in_the_value() {
        let after = |value: &'static str, prefix| {
            after_prefix(value.as_bytes(), prefix).map(|token| String::from_utf8_lossy(token).into_owned())
        };
        assert_eq!(after("Bearer a.b.c", BEARER).unwrap(), "a.b.c");
        assert_eq!(after("x Bearer  a.b.c", BEARER).unwrap(), "a.b.c");
        assert_eq!(after("Bearer ", BEARER), None.or(Some("Bearer ".to_owned())));
        assert_eq!(after("Basic abc", BEARER), None);
        assert_eq!(after("bearer a.b.c", BEARER), None);
        assert_eq!(after("a.b.c", "").unwrap(), "a.b.c");
    }

    #[test]
    fn cookies_are_pairs_between_semicolons() {
        let headers = vec![("cookie".into(), b"a=1; token=\"x.y.z\"; tokens=2".as_slice().into())];
        let request = HttpRequest { headers, ..HttpRequest::default() };
        assert_eq!(cookie(&request, "token").unwrap(), b"x.y.z");
        assert_eq!(cookie(&request, "tok"), None);
    }
}
