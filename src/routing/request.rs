//! A request as Envoy's router sees it.

use std::borrow::Cow;
use std::net::IpAddr;

use super::token::CarriedToken;

/// A request after Envoy's normalization. Paths and header values are bytes, since HTTP does not require UTF-8.
#[derive(Debug, Clone)]
pub struct HttpRequest<'r> {
    /// The `Host` header or `:authority`, with its port if there is one.
    pub authority: Cow<'r, str>,
    /// The method.
    pub method: Cow<'r, str>,
    /// `http` or `https`.
    pub scheme: Cow<'r, str>,
    /// The path without its query string.
    pub path: Cow<'r, [u8]>,
    /// The query string without the `?`.
    pub query: Option<Cow<'r, [u8]>>,
    /// Header lines: names in lower case, values trimmed. A name can occur several times.
    pub headers: Vec<(Cow<'r, str>, Cow<'r, [u8]>)>,
    /// The claims of the token that the proxy accepted; null without one. Sidecars of clients accept none.
    pub claims: &'r serde_json::Value,
    /// The token that the request is said to carry. Without it, tokens are read from the headers.
    pub token: Option<CarriedToken<'r>>,
    /// The time of the request, in seconds since 1970, if it is known. Tokens have an end.
    pub time: Option<u64>,
    /// The address of the original client, as the proxy determines it; `None` if it is not known.
    pub client: Option<IpAddr>,
    /// Whether a gateway added an address to `x-forwarded-for` that is not known.
    pub hides_client: bool,
}

impl Default for HttpRequest<'_> {
    /// `GET /` over plaintext, without an authority.
    fn default() -> Self {
        Self {
            authority: Cow::Borrowed(""),
            method: Cow::Borrowed("GET"),
            scheme: Cow::Borrowed("http"),
            path: Cow::Borrowed(b"/"),
            query: None,
            headers: Vec::new(),
            claims: &serde_json::Value::Null,
            token: None,
            time: None,
            client: None,
            hides_client: false,
        }
    }
}

impl<'r> HttpRequest<'r> {
    /// The request without the claims of a token that another proxy accepted.
    pub fn without_claims(&self) -> Self {
        Self { claims: &serde_json::Value::Null, ..self.clone() }
    }

    /// The request without its headers, which a copy of it replaces.
    pub fn without_headers(&self) -> Self {
        let Self { authority, method, scheme, path, query, headers: _, claims, token, client, hides_client, time } =
            self;
        Self {
            authority: authority.clone(),
            method: method.clone(),
            scheme: scheme.clone(),
            path: path.clone(),
            query: query.clone(),
            headers: Vec::new(),
            claims,
            token: *token,
            client: *client,
            hides_client: *hides_client,
            time: *time,
        }
    }

    /// The values of a header, in order.
    pub fn header_values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_ref())
    }

    /// The first value of a query parameter, without decoding. `?a` and `?a=` both give an empty value.
    pub fn query_parameter(&self, name: &str) -> Option<&[u8]> {
        let mut pairs = self.query.as_deref()?.split(|byte| *byte == b'&').map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=');
            end.map_or((pair, &[][..]), |end| (&pair[..end], &pair[end + 1..]))
        });
        pairs.find(|(other, _)| *other == name.as_bytes()).map(|(_, value)| value)
    }

    /// The host by which Envoy chooses a virtual host: in lower case and without the port (Envoy:
    /// `ignore_port_in_host_matching`).
    pub fn host(&self) -> Cow<'_, str> {
        let authority = self.authority.as_ref();
        // Colons inside the brackets of an IPv6 address do not start a port.
        let port_at = authority.rfind(':').filter(|colon| authority.rfind(']').is_none_or(|bracket| bracket < *colon));
        let host = &authority[..port_at.unwrap_or(authority.len())];
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        }
    }

    /// The path with its query string. Bytes that are not UTF-8 become replacement characters.
    pub fn path_and_query(&self) -> String {
        let path = String::from_utf8_lossy(&self.path);
        match &self.query {
            Some(query) => format!("{path}?{}", String::from_utf8_lossy(query)),
            None => path.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_has_neither_port_nor_capitals() {
        for (authority, host) in
            [("Foo.com:8080", "foo.com"), ("foo.com:abc", "foo.com"), ("[2001::1]:80", "[2001::1]"), ("[::1]", "[::1]")]
        {
            assert_eq!(HttpRequest { authority: authority.into(), ..HttpRequest::default() }.host(), host);
        }
    }

    #[test]
    fn only_the_first_of_repeated_parameters_counts() {
        let request = HttpRequest { query: Some(b"a=1&b&a=2&c=%20".into()), ..HttpRequest::default() };
        assert_eq!(request.query_parameter("a"), Some(b"1".as_slice()));
        assert_eq!(request.query_parameter("b"), Some(b"".as_slice()));
        assert_eq!(request.query_parameter("c"), Some(b"%20".as_slice()));
        assert_eq!(request.query_parameter("d"), None);
    }
}
