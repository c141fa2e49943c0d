//! URIs and addresses as Go reads them (`net/url`: `ParseRequestURI`, `net`: `SplitHostPort`). The verdicts are Go's:
//! what it accepts is more than RFC 3986 allows here and less there, so no other parser gives them.

/// The scheme of a URI. Empty for a path without a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme(pub String);

/// Parses the target of a request line: a path, or a URI with a scheme. Returns `None` for anything else.
pub fn request_uri(text: &str) -> Option<Scheme> {
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    if text == "*" {
        return Some(Scheme(String::new()));
    }
    let (scheme, rest) = split_scheme(text)?;
    let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
    let scheme = Scheme(scheme.to_ascii_lowercase());
    if !rest.starts_with('/') {
        // An opaque part after the scheme can have any content: `mailto:someone`.
        return (!scheme.0.is_empty()).then_some(scheme);
    }
    match rest.strip_prefix("//").filter(|_| !scheme.0.is_empty()) {
        Some(after) => {
            let (authority, path) = after.find('/').map_or((after, ""), |slash| after.split_at(slash));
            (is_authority(authority) && is_escaped(path)).then_some(scheme)
        }
        None => is_escaped(rest).then_some(scheme),
    }
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
    fn addresses_are_split_as_go_does() {
        assert_eq!(split_host_port("127.0.0.1:80"), Some(("127.0.0.1", "80")));
        assert_eq!(split_host_port("[::1]:80"), Some(("::1", "80")));
        assert_eq!(split_host_port(":"), Some(("", "")));
        for text in ["", "host", "::1:80", "[::1", "[::1]", "a]:80"] {
            assert_eq!(split_host_port(text), None, "{text}");
        }
    }
}
