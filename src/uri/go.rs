//! URIs and addresses as Go reads them (`net/url`: `Parse` and `ParseRequestURI`, `net`: `SplitHostPort`). The verdicts are Go's:
//! what it accepts is more than RFC 3986 allows here and less there, so no other parser gives them.

/// The scheme of a URI. Empty for a path without a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme(pub String);

/// The parts of a URL that Go accepts. A part that the text lacks is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlParts<'t> {
    /// In lower case.
    pub scheme: String,
    /// Whether there are credentials before the host, even empty ones.
    pub has_user: bool,
    /// The host and the port, as written.
    pub host: &'t str,
    /// The text between the question mark and the fragment.
    pub query: &'t str,
    /// The text after the number sign.
    pub fragment: &'t str,
}

/// Parses a URL, absolute or relative (`net/url`: `Parse`). Returns `None` if Go rejects it.
pub fn parse_url(text: &str) -> Option<UrlParts<'_>> {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let parts = parts(before, false)?;
    is_escaped(fragment).then_some(UrlParts { fragment, ..parts })
}

/// Parses the target of a request line: a path, or a URI with a scheme. Returns `None` for anything else.
pub fn request_uri(text: &str) -> Option<Scheme> {
    if text == "*" {
        return Some(Scheme(String::new()));
    }
    parts(text, true).map(|parts| Scheme(parts.scheme))
}

/// The parts of a URL without a fragment. A request cannot have a relative path, and its path can start with two slashes.
fn parts(text: &str, is_request: bool) -> Option<UrlParts<'_>> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let (scheme, rest) = split_scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let has_scheme = !scheme.is_empty();
    let parts = UrlParts { scheme: scheme.to_ascii_lowercase(), has_user: false, host: "", query, fragment: "" };
    if !rest.starts_with('/') {
        // An opaque part after the scheme can have any content: `mailto:someone`.
        let is_relative = || !is_request && !rest.split('/').next().is_some_and(|first| first.contains(':'));
        return (has_scheme || (is_relative() && is_escaped(rest))).then_some(parts);
    }
    let has_authority = has_scheme || (!is_request && !rest.starts_with("///"));
    let Some(after) = rest.strip_prefix("//").filter(|_| has_authority) else {
        return is_escaped(rest).then_some(parts);
    };
    let (authority, path) = after.find('/').map_or((after, ""), |slash| after.split_at(slash));
    let (has_user, host) = authority.rsplit_once('@').map_or((false, authority), |(_, host)| (true, host));
    (is_authority(authority) && is_escaped(path)).then_some(UrlParts { has_user, host, ..parts })
}

/// Splits a URI after its scheme. Returns `None` if the URI starts with a colon.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return None,
            b':' => return Some((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Some(("", text))
}

fn is_authority(authority: &str) -> bool {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let is_user = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
            if !user.bytes().all(is_user) || !is_escaped(user) {
                return false;
            }
            host
        }
        None => authority,
    };
    let (name, port) = match host.strip_prefix('[') {
        Some(inner) => match inner.rsplit_once(']') {
            Some((name, port)) => (name, port),
            None => return false,
        },
        None => host.rfind(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    let is_number = port.is_empty()
        || port.strip_prefix(':').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    // A percent sign encodes a percent sign or a non-ASCII byte. In brackets it can also start the zone of an address.
    let is_encodable =
        |digits: &str| digits.starts_with("25") || !digits.starts_with(|digit| ('0'..='7').contains(&digit));
    if !host.starts_with('[') && !name.split('%').skip(1).all(is_encodable) {
        return false;
    }
    let is_host =
        |byte: u8| !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte);
    is_number && name.bytes().all(is_host) && is_escaped(name)
}

/// Whether two hexadecimal digits follow every percent sign.
fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|part| {
        let digits = part.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}

/// Splits an address into host and port. `None` if Go rejects it.
pub fn split_host_port(address: &str) -> Option<(&str, &str)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let has_bracket = |text: &str| text.contains(['[', ']']);
    (!has_bracket(host) && !has_bracket(port)).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_split_as_go_does() {
        let scheme = |text| request_uri(text).map(|Scheme(scheme)| scheme);
        for (text, expected) in [
            ("oci://ghcr.io/a/b:v1", "oci"),
            ("HTTPS://a:8443/x?y", "https"),
            ("localhost:5000/x", "localhost"),
            ("/a/b", ""),
            ("http://[::1]:80/", "http"),
            ("http://%C3%A4/", "http"),
        ] {
            assert_eq!(scheme(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "reg.io/x", ":x", "http://a:b/", "http://#%bl ah", "http://a b/", "http://%41/", "/%zz"] {
            assert_eq!(scheme(text), None, "{text}");
        }
    }

    #[test]
    fn urls_are_parsed_as_go_does() {
        let url = parse_url("HTTPS://user@a.example.com:70000/b c?d#e").unwrap();
        assert_eq!((url.scheme.as_str(), url.has_user, url.host), ("https", true, "a.example.com:70000"));
        assert_eq!((url.query, url.fragment), ("d", "e"));
        for (text, host) in [
            ("", ""),
            ("a/b:c", ""),
            ("//a/b", "a"),
            ("///b", ""),
            ("https:a/b", ""),
            ("https:///b", ""),
            ("https://:1", ":1"),
        ] {
            assert_eq!(parse_url(text).map(|url| url.host), Some(host), "{text}");
        }
        for text in [":x", "a_b:1", "https://a:b/", "https://a b/", "https://a/%zz", "https://a/#%zz", "/\n"] {
            assert_eq!(parse_url(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_split_as_go_does() {
        assert_eq!(split_host_port("127.0.0.1:80"), Some(("127.0.0.1", "80")));
        assert_eq!(split_host_port("[::1]:80"), Some(("::1", "80")));
        assert_eq!(split_host_port(":"), Some(("", "")));
        for text in ["", "host", "::1:80", "[::1", "[::1]", "a]:80"] {
            assert_eq!(split_host_port(text), None, "{text}");
        }
    }
}
