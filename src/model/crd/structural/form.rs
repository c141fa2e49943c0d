//! Forms of strings: enums, and the patterns of the Gateway API.

/// The form of a string.
#[derive(Clone, Copy)]
pub enum TextForm {
    /// Any string.
    Any,
    /// One of several words, in their case.
    Words(&'static [&'static str]),
    /// One of several words, of which only the experimental channel has the second list.
    WordsByChannel(&'static [&'static str], &'static [&'static str]),
    /// A pattern.
    Pattern(&'static TextPattern),
    /// A pattern that only the experimental channel requires.
    ExperimentalPattern(&'static TextPattern),
}

/// A pattern of strings.
pub struct TextPattern {
    /// The type of the value, for a value that is not a string.
    pub expected: &'static str,
    /// Whether a string has the form.
    pub is_match: fn(&str) -> bool,
    /// The value that a string should have instead, if it is clear.
    pub repair: fn(&str) -> Option<String>,
    /// The help for other strings.
    pub help: &'static str,
}

const STRING: &str = "a string";

const fn pattern(is_match: fn(&str) -> bool, help: &'static str) -> TextPattern {
    TextPattern { expected: STRING, is_match, repair: |_| None, help }
}

/// A DNS name.
pub static SUBDOMAIN: TextPattern = TextPattern {
    expected: STRING,
    is_match: is_subdomain,
    repair: |text| repaired(text, is_subdomain),
    help: "use lower case letters, digits, `-` and `.`, with a letter or digit at both ends of each part",
};
/// A host, with an optional wildcard as its first label.
pub static HOSTNAME: TextPattern = TextPattern {
    expected: STRING,
    is_match: is_hostname,
    repair: repaired_host,
    help: "write a DNS name in lower case, without a port, such as `shop.example.com` or `*.example.com`",
};
/// A host without a wildcard.
pub static PRECISE_HOSTNAME: TextPattern = TextPattern {
    expected: STRING,
    is_match: is_subdomain,
    repair: |text| repaired_host(text).filter(|host| is_subdomain(host)),
    help: "write a DNS name in lower case, without a wildcard and a port, such as `shop.example.com`",
};
/// A namespace.
pub static NAMESPACE: TextPattern = TextPattern {
    expected: STRING,
    is_match: is_label,
    repair: |text| repaired(text, is_label),
    help: "write the name of a namespace: lower case letters, digits and `-`",
};
/// An API group.
pub static GROUP: TextPattern = TextPattern {
    expected: STRING,
    is_match: |group| group.is_empty() || is_subdomain(group),
    repair: repaired_group,
    help: "write an API group in lower case, without a version",
};
/// A kind.
pub static KIND: TextPattern = pattern(is_kind, "write the name of a kind, such as `Service`");
/// The name of a header.
pub static HEADER_NAME: TextPattern = TextPattern {
    expected: STRING,
    is_match: is_token,
    repair: |name| Some(name.trim_matches([':', ' ']).to_owned()).filter(|name| is_token(name)),
    help: "use letters, digits and dashes: pseudo-headers such as `:authority` are not allowed",
};
/// The name of a query parameter.
pub static PARAMETER_NAME: TextPattern =
    pattern(is_token, "use letters, digits, `-`, `_` and `.`: parameters such as `ids[]` cannot be matched");
/// The value of a header in the experimental channel.
pub static HEADER_VALUE: TextPattern =
    pattern(is_header_value, "use printable ASCII characters, with single spaces or tabs between them");
/// A duration.
pub static DURATION: TextPattern = TextPattern {
    expected: "a duration such as `500ms`, `10s` or `1h30m`",
    is_match: is_duration,
    repair: repaired_duration,
    help: "write whole numbers with a unit, such as `500ms`, `10s` or `1h30m`",
};
/// The value of a label.
pub static LABEL_VALUE: TextPattern = pattern(
    |text| text.is_empty() || is_name(text),
    "use letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
);
/// The name of a controller.
pub static CONTROLLER: TextPattern =
    pattern(is_controller, "write a domain and a path, such as `istio.io/gateway-controller`");
/// The protocol of a listener.
pub static PROTOCOL: TextPattern = pattern(is_protocol, "write `HTTP`, `HTTPS`, `TLS` or `TCP`");
/// The type of an address.
pub static ADDRESS_TYPE: TextPattern = pattern(is_address_type, "write `IPAddress` or `Hostname`");
/// The well-known certificate authorities.
pub static CERTIFICATE_AUTHORITIES: TextPattern = pattern(
    |text| text == "System" || is_qualified_name(text),
    "write `System`, or a domain and a name, such as `example.com/authorities`",
);
/// A URI with a scheme and an authority.
pub static URI: TextPattern =
    pattern(is_uri, "write an absolute URI, such as `spiffe://cluster.local/ns/shop/sa/cart`");
/// An origin of a cross-origin request.
pub static ORIGIN: TextPattern = TextPattern {
    expected: STRING,
    is_match: is_origin,
    repair: |text| Some(text.trim_end_matches('/').to_lowercase()).filter(|origin| is_origin(origin)),
    help: "write `*`, or a scheme and a host, such as `https://shop.example.com` or `https://*.example.com`",
};
/// A path of the characters that [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986) allows.
pub static PATH: TextPattern = pattern(is_path, "write other characters percent-encoded, such as `%20` for a space");

/// Whether a text is a DNS label in lower case, of any length.
pub fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether a text is a DNS name in lower case.
pub fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// Whether a text is a DNS name in lower case, with an optional wildcard as its first label.
pub fn is_hostname(text: &str) -> bool {
    is_subdomain(text.strip_prefix("*.").unwrap_or(text))
}

/// Whether a text is the name of a kind.
pub fn is_kind(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    text.starts_with(|letter: char| letter.is_ascii_alphabetic()) && text.bytes().all(is_inner) && !text.ends_with('-')
}

/// Whether a text consists of the characters of a path, with `%` only before two hexadecimal digits.
pub fn is_path(text: &str) -> bool {
    !text.is_empty() && invalid_in_path(text).is_none()
}

/// The first character of a path that must be written percent-encoded.
pub fn invalid_in_path(path: &str) -> Option<char> {
    let mut rest = path.chars();
    while let Some(letter) = rest.next() {
        let is_valid = match letter {
            '%' => {
                let digits = rest.as_str().as_bytes();
                digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
            }
            _ => letter.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@".contains(letter),
        };
        if !is_valid {
            return Some(letter);
        }
    }
    None
}

/// Whether a text is the key of a label or an annotation: an optional DNS name with a slash, and a name of at most 63
/// characters.
pub fn is_tag_key(text: &str) -> bool {
    match text.split_once('/') {
        Some(_) => is_qualified_name(text),
        None => is_short_name(text),
    }
}

fn is_qualified_name(text: &str) -> bool {
    text.split_once('/').is_some_and(|(domain, name)| is_subdomain(domain) && is_short_name(name))
}

fn is_short_name(text: &str) -> bool {
    text.len() <= 63 && is_name(text)
}

/// Whether a text has letters and digits at both ends, and also `-`, `_` and `.` between them.
fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.bytes().all(is_inner) && is_end(text.bytes().next()) && is_end(text.bytes().last())
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_header_value(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    text.split([' ', '\t']).all(is_word)
}

/// 1 to 4 times 1 to 5 digits with a unit.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    let mut parts = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some(tail) = ["ms", "h", "m", "s"].iter().find_map(|unit| rest[digits..].strip_prefix(unit)) else {
            return false;
        };
        if !(1..=5).contains(&digits) {
            return false;
        }
        parts += 1;
        rest = tail;
    }
    (1..=4).contains(&parts)
}

fn is_controller(text: &str) -> bool {
    text.split_once('/').is_some_and(|(domain, path)| is_subdomain(domain) && !path.is_empty() && is_domain_path(path))
}

fn is_domain_path(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte))
}

/// Whether a text ends with a slash after a lower case letter or digit, and a rest of a form. The patterns of the Gateway
/// API do not anchor what is before it.
fn ends_with_part(text: &str, is_rest: fn(&str) -> bool) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.match_indices('/').any(|(at, _)| {
        let rest = &text[at + 1..];
        is_end(text[..at].bytes().last()) && !rest.is_empty() && is_rest(rest)
    })
}

fn is_protocol(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_word = !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-');
    is_word || ends_with_part(text, |rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_address_type(text: &str) -> bool {
    text.starts_with("Hostname")
        || text.contains("IPAddress")
        || text.contains("NamedAddress")
        || ends_with_part(text, is_domain_path)
}

fn is_uri(text: &str) -> bool {
    text.find([':', '/', '?', '#']).is_some_and(|end| end > 0 && text[end..].starts_with("://"))
}

fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some(rest) = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)) else { return false };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_host = host == "*" || host.strip_prefix("*.").unwrap_or(host).split('.').all(is_part);
    is_host && port.is_none_or(is_port)
}

/// A text in lower case, with dashes for underscores and spaces.
fn repaired(text: &str, is_match: fn(&str) -> bool) -> Option<String> {
    Some(text.trim().to_lowercase().replace(['_', ' '], "-")).filter(|text| is_match(text))
}

/// The host of a URL or of a host with a port, in lower case.
fn repaired_host(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':']).next()?.trim_end_matches('.');
    Some(host.to_owned()).filter(|host| is_hostname(host))
}

/// The group of an `apiVersion`. The core group has no name.
fn repaired_group(text: &str) -> Option<String> {
    match text {
        "core/v1" => Some(String::new()),
        _ => text.split_once('/').map(|(group, _)| group.to_owned()).filter(|group| is_subdomain(group)),
    }
}

/// A number of seconds, or a duration of Go with a fraction.
fn repaired_duration(text: &str) -> Option<String> {
    if (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("{text}s"));
    }
    let nanoseconds = crate::model::Duration::parse(text)?.nanoseconds();
    let milliseconds = nanoseconds / 1_000_000;
    let is_whole = nanoseconds % 1_000_000 == 0 && (0..=99_999).contains(&milliseconds);
    is_whole.then(|| format!("{milliseconds}ms"))
}
