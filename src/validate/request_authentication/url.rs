//! The place of keys, as Go reads URLs (istio: `security.ParseJwksURI`).

/// What is wrong with the URI of a key set.
pub fn fault(uri: &str) -> Option<&'static str> {
    if uri.bytes().any(|byte| byte.is_ascii_control()) {
        return Some("holds control characters");
    }
    let (uri, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    let Some((scheme, rest)) = uri.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Some("has no scheme");
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some("is neither http nor https");
    }
    let (rest, _query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None if rest.starts_with('/') => ("", rest),
        None => return None,
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if [fragment, path, user].into_iter().any(|part| !is_escaped(part)) {
        return Some("holds a percent sign that begins no escape");
    }
    host_fault(host)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Whether each percent sign is followed by two hexadecimal digits.
fn is_escaped(text: &str) -> bool {
    let is_code = |code: &str| code.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
    text.split('%').skip(1).all(is_code)
}

fn host_fault(host: &str) -> Option<&'static str> {
    let port = if host.starts_with('[') {
        let Some(end) = host.rfind(']') else { return Some("has an open bracket") };
        &host[end + 1..]
    } else {
        host.find(':').map_or("", |colon| &host[colon..])
    };
    if let Some(digits) = port.strip_prefix(':') {
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some("has a port that is no number");
        }
    } else if !port.is_empty() {
        return Some("has something behind its host");
    }
    let is_host = |byte: u8| byte >= 0x80 || byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte);
    if host.bytes().all(is_host) && is_escaped(host) { None } else { Some("has a host that is none") }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn places_of_keys_are_urls_with_a_host() {
        for uri in ["https://a.com", "HTTP://a.com:8080/x?y#z", "http://[::1]:80/", "http://user@a/%20", "http://a:"] {
            assert_eq!(fault(uri), None, "{uri}");
        }
        for uri in ["a.com", "ftp://a", "http://a:b", "http://a b", "http://a/%zz", "://a", "http://[::1", "http://a\n"]
        {
            assert!(fault(uri).is_some(), "{uri}");
        }
    }
}
