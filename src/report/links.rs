//! URLs: pages of the documentation, and paths.

use crate::lint::Rule;

/// The start of all pages.
const SITE: &str = "https://mesh-lint.github.io/mesh/";

/// The page of a rule.
pub(super) fn page(rule: &Rule) -> String {
    format!("{SITE}rules/{}.html", rule.name)
}

/// The URL of a directory with an absolute path, with a slash at its end.
pub fn directory_url(path: &str) -> String {
    let path = path.replace(std::path::MAIN_SEPARATOR, "/");
    format!("file://{}{}/", if path.starts_with('/') { "" } else { "/" }, encoded(path.trim_end_matches('/')))
}

/// The characters of a path that a URI may have, and the others by their bytes (RFC 3986).
pub(super) fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
