//! A request as Envoy's router sees it.

use std::borrow::Cow;

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
    /// The claims of a valid token; null without one.
    pub claims: &'r serde_json::Value,
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
        }
    }
}

/// The header that says which scheme the client used.
pub(super) const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The headers whose lines Envoy joins with commas before routing. Each line of any other header is a separate value.
/// (Measured with Envoy 1.40; headers that Envoy strips from requests are left out.)
const JOINED: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "proxy-status",
    "referer",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    FORWARDED_PROTO,
    "x-request-id",
];

/// Whether Envoy joins the lines of a header, so that it has one value.
pub(super) fn is_joined(name: &str) -> bool {
    JOINED.contains(&name)
}

impl HttpRequest<'_> {
    /// The request that routes see: lines of well-known headers joined, scheme and `x-forwarded-proto` settled.
    ///
    /// A proxy that trusts its clients takes the scheme from `x-forwarded-proto` if that is `http` or `https`. Every
    /// proxy adds a missing `x-forwarded-proto`, and one that does not trust its clients overwrites it.
    pub fn as_received(mut self, trusts_clients: bool) -> Self {
        self.join_headers();
        let forwarded = self.header_values(FORWARDED_PROTO).next();
        let is_forwarded =
            |scheme: &&str| forwarded.is_some_and(|forwarded| forwarded.eq_ignore_ascii_case(scheme.as_bytes()));
        let known = ["http", "https"].into_iter().find(is_forwarded);
        let is_kept = trusts_clients && forwarded.is_some();
        if let Some(scheme) = known.filter(|_| trusts_clients) {
            self.scheme = Cow::Borrowed(scheme);
        }
        if !is_kept {
            self.headers.retain(|(name, _)| name != FORWARDED_PROTO);
            let scheme = match self.scheme.as_ref() {
                "http" => Cow::Borrowed(&b"http"[..]),
                "https" => Cow::Borrowed(&b"https"[..]),
                other => Cow::Owned(other.as_bytes().to_vec()),
            };
            self.headers.push((Cow::Borrowed(FORWARDED_PROTO), scheme));
        }
        self
    }

    fn join_headers(&mut self) {
        let mut lines = std::mem::take(&mut self.headers);
        for (name, value) in lines.drain(..) {
            let first = self.headers.iter_mut().find(|(other, _)| *other == name && is_joined(other));
            match first {
                Some((_, values)) => values.to_mut().extend([b",", value.as_ref()].concat()),
                None => self.headers.push((name, value)),
            }
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
    fn lines_of_well_known_headers_are_joined() {
        let header = |name: &'static str, value: &'static str| (name.into(), value.as_bytes().into());
        let headers = vec![header("accept", "a"), header("x-a", "1"), header("accept", "b"), header("x-a", "2")];
        let request = HttpRequest { headers, ..HttpRequest::default() }.as_received(true);
        assert_eq!(request.header_values("accept").collect::<Vec<_>>(), [b"a,b"]);
        assert_eq!(request.header_values("x-a").collect::<Vec<_>>(), [b"1", b"2"]);
    }

    #[test]
    fn only_a_proxy_that_trusts_clients_takes_the_scheme_from_the_header() {
        let settled = |values: &[&'static str], is_trusted: bool| {
            let headers = values.iter().map(|value| ("x-forwarded-proto".into(), value.as_bytes().into()));
            let request = HttpRequest { headers: headers.collect(), ..HttpRequest::default() }.as_received(is_trusted);
            let header: Vec<_> = request.header_values("x-forwarded-proto").map(String::from_utf8_lossy).collect();
            format!("{} {}", request.scheme, header.join(" "))
        };
        assert_eq!(settled(&["HTTPS"], true), "https HTTPS");
        assert_eq!(settled(&["https"], false), "http http");
        assert_eq!(settled(&["ftp"], true), "http ftp");
        assert_eq!(settled(&["https", "http"], true), "http https,http");
        assert_eq!(settled(&[], true), "http http");
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
