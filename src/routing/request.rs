//! A request as Envoy's router sees it.

use std::borrow::Cow;

/// A request after Envoy has normalised it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The `Host` header or `:authority`, with its port if it has one.
    pub authority: String,
    /// The method.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// The path without its query string.
    pub path: String,
    /// What follows the `?`, if there is one.
    pub query: Option<String>,
    /// Header lines, names in lower case, values trimmed. A name can be there several times.
    pub headers: Vec<(String, String)>,
    /// The claims of a valid token; null without one.
    pub claims: serde_json::Value,
}

impl Request {
    /// The values of a header, in order.
    pub fn header_values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The first occurrence of a query parameter. Nothing is decoded; `?a` and `?a=` both are an empty value.
    pub fn query_parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.query.as_deref()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The host that virtual hosts are chosen by: lower case, everything from the last colon on dropped
    /// (Envoy: `ignore_port_in_host_matching`).
    pub fn host(&self) -> String {
        let authority = &self.authority;
        // The colons inside the brackets of an IPv6 address are no port's.
        let port_at = authority.rfind(':').filter(|colon| authority.rfind(']').is_none_or(|bracket| bracket < *colon));
        authority[..port_at.unwrap_or(authority.len())].to_ascii_lowercase()
    }

    /// The path with its query string.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// Normalises a path as the mesh's default `BASE` does: dot segments resolved, escaped unreserved characters
/// decoded, backslashes turned. Slashes are not merged (Envoy: `normalize_path`).
pub fn normalize_path(path: &str) -> Cow<'_, str> {
    if !path.contains(['%', '\\', '.']) {
        return Cow::Borrowed(path);
    }
    let decoded = decode_unreserved(&path.replace('\\', "/"));
    let Some(rest) = decoded.strip_prefix('/') else { return Cow::Owned(decoded) };
    let mut segments: Vec<&str> = Vec::new();
    let last = rest.split('/').count() - 1;
    for (index, segment) in rest.split('/').enumerate() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    segments.pop();
                }
                // `/a/..` ends in a slash: it names a directory.
                if index == last {
                    segments.push("");
                }
            }
            name => segments.push(name),
        }
    }
    Cow::Owned(format!("/{}", segments.join("/")))
}

/// Decodes the escapes of letters, digits and `-._~`, and leaves all others as they are.
fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                decoded.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            _ => {
                decoded.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    decoded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_as_envoy_does() {
        for (path, normal) in [
            ("/a/../b", "/b"),
            ("/./b", "/b"),
            ("/%62", "/b"),
            ("/%2e/b", "/b"),
            ("/a\\b", "/a/b"),
            ("/a%5cb", "/a%5cb"),
            ("//b", "//b"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/a%", "/a%"),
        ] {
            assert_eq!(normalize_path(path), normal, "{path}");
        }
    }

    #[test]
    fn the_host_has_neither_port_nor_capitals() {
        for (authority, host) in
            [("Foo.com:8080", "foo.com"), ("foo.com:abc", "foo.com"), ("[2001::1]:80", "[2001::1]"), ("[::1]", "[::1]")]
        {
            assert_eq!(Request { authority: authority.into(), ..Request::default() }.host(), host);
        }
    }

    #[test]
    fn only_the_first_of_repeated_parameters_counts() {
        let request = Request { query: Some("a=1&b&a=2&c=%20".into()), ..Request::default() };
        assert_eq!(request.query_parameter("a"), Some("1"));
        assert_eq!(request.query_parameter("b"), Some(""));
        assert_eq!(request.query_parameter("c"), Some("%20"));
        assert_eq!(request.query_parameter("d"), None);
    }
}
