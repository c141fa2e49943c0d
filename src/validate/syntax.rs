//! The syntax of names, hosts, addresses and numbers (istio: `pkg/config/validation/agent`, `pkg/config/labels`).

use std::net::IpAddr;

use crate::model::Duration;

/// Whether a text is a DNS label: 1 to 63 letters, digits and dashes, with a letter or digit at both ends. Upper case is
/// allowed.
pub fn is_label(text: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && is_end(text.bytes().next())
        && is_end(text.bytes().last())
}

/// Whether a text is a DNS label, optionally with a wildcard at the start: `*`, `*label`, `*-label`.
pub fn is_wildcard_label(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('*') else { return is_label(text) };
    text.len() <= 63 && (rest.is_empty() || is_label(rest.strip_prefix('-').unwrap_or(rest)))
}

/// Whether a text is a full host name: labels separated by dots, optionally with a dot at the end. The last label is not
/// a number, which excludes addresses.
pub fn is_fqdn(text: &str) -> bool {
    is_domain(text, is_label, false)
}

/// Whether a text is a full host name, optionally with a wildcard in the first label.
pub fn is_wildcard_domain(text: &str) -> bool {
    is_domain(text, is_wildcard_label, true)
}

fn is_domain(text: &str, is_first: impl Fn(&str) -> bool, lone_number: bool) -> bool {
    if !(1..=255).contains(&text.len()) {
        return false;
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let labels: Vec<&str> = text.split('.').collect();
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let (first, rest) = labels.split_first().expect("splitting gives at least one part");
    let number_last = labels.last().is_some_and(|last| is_number(last));
    let may_be_number = lone_number && rest.is_empty();
    is_first(first) && rest.iter().all(|label| is_label(label)) && (may_be_number || !number_last)
}

/// Whether a text is a host of a Gateway: a wildcard domain or, with `allows_server_names`, a server name in the internal
/// form of the mesh, `outbound_.…`.
pub fn is_gateway_domain(text: &str, allows_server_names: bool) -> bool {
    if allows_server_names && text.starts_with("outbound_") {
        let parts: Vec<&str> = text.split('_').collect();
        return parts.len() >= 4
            && parts[1].bytes().any(|byte| byte.is_ascii_digit())
            && parts[3].bytes().any(|byte| byte.is_ascii_alphabetic());
    }
    is_wildcard_domain(text)
}

/// Whether a text is an IP address, with an optional zone for IPv6.
pub fn is_ip_address(text: &str) -> bool {
    let plain = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() && address.contains(':') => address,
        Some(_) => return false,
        None => text,
    };
    plain.parse::<IpAddr>().is_ok()
}

/// Whether a text is a CIDR range or an IP address. The host bits of a range can be set.
pub fn is_subnet(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return is_ip_address(text) };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let has_form = length == "0" || !length.starts_with('0');
    has_form && length.bytes().all(|byte| byte.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|it| it <= most)
}

/// Whether a number is a port, 0 excluded.
pub fn is_port(number: u32) -> bool {
    (1..=65535).contains(&number)
}

/// Whether proxies support a duration: at least a millisecond, in whole milliseconds.
pub fn is_duration(duration: Duration) -> bool {
    const MILLISECOND: i128 = 1_000_000;
    let nanoseconds = i128::from(duration.nanoseconds());
    nanoseconds >= MILLISECOND && nanoseconds % MILLISECOND == 0
}

/// Whether a text is the path of a socket, without `unix://`: `@` and an abstract name, or an absolute path without a
/// slash at the end.
pub fn is_socket_path(path: &str) -> bool {
    path.starts_with('@') || (path.starts_with('/') && !path.ends_with('/'))
}

/// Whether a text is the name of a header (RFC 9110: `token`).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a text is the key of a label: `[prefix/]name`.
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_prefix = |prefix: &str| prefix.len() <= 253 && prefix.split('.').all(is_label);
    prefix.is_none_or(is_prefix) && name.len() <= 63 && is_label_name(name)
}

/// Whether a text is the value of a label: empty, or a name.
pub fn is_label_value(value: &str) -> bool {
    value.is_empty() || is_label_name(value)
}

fn is_label_name(name: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    is_end(name.bytes().next())
        && is_end(name.bytes().last())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Whether a host has a wildcard that is not the whole first label: `*foo.com`, `a.*.com`.
pub fn is_partial_wildcard(host: &str) -> bool {
    host.contains('*') && host.len() > 1 && !host.starts_with("*.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_dns_names() {
        for host in ["a", "a-b.example.com", "example.com.", "A.b"] {
            assert!(is_fqdn(host) && is_wildcard_domain(host), "{host}");
        }
        for host in ["", ".", "-a", "a_b", "10.0.0.1", "a..b", "*.com"] {
            assert!(!is_fqdn(host), "{host}");
        }
        for host in ["*", "*.com", "*foo.com", "*-foo.com"] {
            assert!(is_wildcard_domain(host), "{host}");
        }
        assert!(!is_wildcard_domain("a.*.com") && is_partial_wildcard("a.*.com") && !is_partial_wildcard("*.com"));
    }

    #[test]
    fn addresses_and_networks() {
        assert!(is_subnet("10.0.0.1/8") && is_subnet("::1") && is_subnet("fe80::/10") && is_ip_address("fe80::1%eth0"));
        assert!(!is_subnet("10.0.0.0/33") && !is_subnet("10.0.0.0/08") && !is_subnet("10.0.0") && !is_subnet("a/8"));
    }

    #[test]
    fn labels_have_the_syntax_of_kubernetes() {
        assert!(
            is_label_key("app")
                && is_label_key("app.kubernetes.io/name")
                && is_label_value("")
                && is_label_value("v1.2_x")
        );
        assert!(!is_label_key("") && !is_label_key("/a") && !is_label_key("a/b/c-") && !is_label_value("-a"));
    }
}
