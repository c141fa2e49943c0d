//! URLs and the hosts in them. [`Url`] reads the URLs that clients send; [`go`] gives the verdicts of Go's `net` and
//! `net/url`, on which istiod and the API server decide.

pub mod go;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

/// A URL of a client, such as `https://user@shop.example.com:8443/cart?item=1#top`. Nothing in it is normalised, since
/// proxies match the path as it is sent.
#[derive(Debug, Clone)]
pub struct Url<'t> {
    uri: Uri,
    has_scheme: bool,
    rest: &'t str,
}

impl<'t> Url<'t> {
    /// Reads a URL. The scheme is optional (`reviews:9080/v1`), the host is not. `None` if the text is not a URL, or its
    /// port not a 16-bit number.
    pub fn parse(text: &'t str) -> Option<Self> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme).filter(|it| !it.contains(['/', '?', '#']));
        let uri: Uri = match scheme {
            Some("") => return None,
            Some(_) => text.parse().ok()?,
            None => format!("http://{text}").parse().ok()?,
        };
        let start = scheme.map_or(0, |scheme| scheme.len() + "://".len());
        let rest = text.get(start + uri.authority()?.as_str().len()..)?;
        let url = Self { uri, has_scheme: scheme.is_some(), rest };
        let is_valid = !url.host().is_empty() && (url.port().is_some() || !url.names_port());
        is_valid.then_some(url)
    }

    /// The scheme in lower case, if the text has one.
    pub fn scheme(&self) -> Option<String> {
        self.uri.scheme_str().filter(|_| self.has_scheme).map(str::to_ascii_lowercase)
    }

    /// Whether credentials stand before the host: `user:password@host`.
    pub fn has_user(&self) -> bool {
        self.uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
    }

    /// The host as written. An IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// The port, if the text has one.
    pub fn port(&self) -> Option<u16> {
        self.uri.port_u16()
    }

    /// The host and the port, as clients write them into the `Host` header.
    pub fn authority(&self) -> String {
        match self.uri.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The path and the query, as clients write them into the request line. `None` if the text has neither.
    pub fn target(&self) -> Option<Cow<'t, str>> {
        match self.rest.split('#').next().unwrap_or_default() {
            "" => None,
            query if query.starts_with('?') => Some(format!("/{query}").into()),
            target => Some(target.into()),
        }
    }

    /// The text after the host and the port: path, query and fragment.
    pub fn rest(&self) -> &'t str {
        self.rest
    }

    /// The query, if the text has one.
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// The fragment, if the text has one.
    pub fn fragment(&self) -> Option<&'t str> {
        self.rest.split_once('#').map(|(_, fragment)| fragment)
    }

    fn names_port(&self) -> bool {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let address = authority.rsplit('@').next().unwrap_or_default();
        !matches!(address.strip_prefix(self.host()), None | Some("" | ":"))
    }
}

/// The host of a `Host` header, and the digits of its port. An IPv6 address without brackets has no port.
pub fn split_port(authority: &str) -> (&str, Option<&str>) {
    let is_address = authority.matches(':').count() > 1 && !authority.contains(']');
    let is_port = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match authority.rsplit_once(':').filter(|(_, port)| !is_address && is_port(port)) {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    }
}

/// A host as it stands before a port: an IPv6 address in brackets.
pub fn in_brackets(host: &str) -> Cow<'_, str> {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]").into() } else { host.into() }
}

/// The address that a host is, with or without brackets.
pub fn address(host: &str) -> Option<IpAddr> {
    let inner = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    inner.map_or_else(|| host.parse().ok(), |inner| inner.parse().map(IpAddr::V6).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_into_what_clients_send() {
        for (text, scheme, authority, target) in [
            ("http://reviews:9080/a/../b?c=d#e", Some("http"), "reviews:9080", Some("/a/../b?c=d")),
            ("HTTPS://user:secret@Shop.example.com", Some("https"), "Shop.example.com", None),
            ("reviews", None, "reviews", None),
            ("reviews:9080/v1", None, "reviews:9080", Some("/v1")),
            ("reviews?next=http://ratings/", None, "reviews", Some("/?next=http://ratings/")),
            ("tcp://[::1]:80", Some("tcp"), "[::1]:80", None),
            ("http://*.example.com/", Some("http"), "*.example.com", Some("/")),
        ] {
            let url = Url::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((url.scheme().as_deref(), url.authority().as_str()), (scheme, authority), "{text}");
            assert_eq!(url.target().as_deref(), target, "{text}");
        }
        for text in ["", "http://", "http://a b/", "http://a:a/", "a:70000", "http:///path", "://a"] {
            assert!(Url::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn credentials_and_fragments_are_seen() {
        let url = Url::parse("https://user@host/?q#part").unwrap();
        assert!(url.has_user() && !Url::parse("https://host/@").unwrap().has_user());
        assert_eq!((url.host(), url.port(), url.query(), url.fragment()), ("host", None, Some("q"), Some("part")));
    }

    #[test]
    fn ports_are_digits_behind_the_last_colon() {
        assert_eq!(split_port("reviews:9080"), ("reviews", Some("9080")));
        assert_eq!(split_port("[::1]:80"), ("[::1]", Some("80")));
        for host in ["reviews", "::1", "[::1]", "reviews:", "reviews:http"] {
            assert_eq!(split_port(host), (host, None));
        }
    }

    #[test]
    fn only_addresses_of_ipv6_stand_in_brackets() {
        for (plain, written) in [("fd00::1", "[fd00::1]"), ("10.0.0.1", "10.0.0.1"), ("web", "web"), ("[::1]", "[::1]")]
        {
            assert_eq!(in_brackets(plain), written);
            assert_eq!(address(written), plain.trim_matches(['[', ']']).parse().ok(), "{written}");
        }
        assert_eq!((address("[10.0.0.1]"), address("[::1")), (None, None));
    }
}
