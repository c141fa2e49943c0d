//! The syntax of values in policies (istio: `pkg/config/security`).

use super::syntax::is_subnet;

/// The operator of a path template that matches one segment.
const ONE: &str = "{*}";

/// The operator of a path template that matches any number of segments.
const ANY: &str = "{**}";

/// The reason why a path is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// Braces that are not an operator.
    Braces,
    /// An operator after `{**}`.
    AfterAny,
    /// A literal segment of a template that is empty or has an invalid character.
    Literal,
}

/// Checks a path, which may be a template: `/users/{*}/files/{**}`. Returns the reason if it is not valid.
pub fn path_fault(path: &str) -> Option<PathFault> {
    let is_template = path.contains(ONE) || path.contains(ANY);
    let mut had_any = false;
    for segment in path.trim_matches('/').split('/') {
        if segment == ONE || segment == ANY {
            if had_any {
                return Some(PathFault::AfterAny);
            }
            had_any = segment == ANY;
        } else if segment.contains(['{', '}']) {
            return Some(PathFault::Braces);
        } else if is_template && !is_path_literal(segment) {
            return Some(PathFault::Literal);
        }
    }
    None
}

/// Whether a text is a literal segment of a path template.
pub fn is_path_literal(segment: &str) -> bool {
    let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte);
    !segment.is_empty() && segment.bytes().all(is_literal)
}

/// Whether a text is a value with at most one wildcard, at the start or the end.
pub fn is_wildcard_value(value: &str) -> bool {
    let inner = value.strip_prefix('*').or_else(|| value.strip_suffix('*')).unwrap_or(value);
    !value.is_empty() && !inner.contains('*')
}

/// Whether a text is a trust domain, with at most one wildcard, at the start or the end.
pub fn is_trust_domain(value: &str) -> bool {
    is_wildcard_value(value) && !value.contains('/')
}

/// Whether a text is a service account: `name` or `namespace/name`.
pub fn is_service_account(value: &str) -> bool {
    let mut parts = value.split('/');
    let has_form = parts.clone().count() <= 2 && parts.all(|part| !part.is_empty());
    has_form && value.len() <= 320 && !value.contains('*')
}

/// Whether a text is a port of a policy: a decimal number, 0 included.
pub fn is_policy_port(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u16>().is_ok()
}

/// Whether a text is a key with a name in brackets: `request.headers[x-user]`.
pub fn is_map_key(key: &str) -> bool {
    let inner = key.strip_suffix(']').and_then(|key| key.split_once('['));
    inner.is_some_and(|(name, inner)| !name.is_empty() && !inner.is_empty())
}

/// Whether a text is the name of a header that a claim is copied to.
pub fn is_strict_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The kind of an attribute of a condition, by the values that it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionAttribute {
    /// Any text.
    Any,
    /// Any text. The key needs a name in brackets.
    Map,
    /// IP addresses and CIDR ranges.
    Network,
    /// Service accounts.
    ServiceAccount,
    /// Trust domains.
    TrustDomain,
    /// Ports.
    Port,
    /// No value: Istio removed the attribute.
    Removed,
    /// No value: the attribute does not exist.
    Unknown,
}

impl ConditionAttribute {
    /// The kind of the attribute with a key.
    pub fn of(key: &str) -> Self {
        const MAPS: [&str; 3] = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];
        match key {
            "source.ip" | "remote.ip" | "destination.ip" => Self::Network,
            "source.namespace" | "source.principal" | "connection.sni" => Self::Any,
            "request.auth.principal" | "request.auth.audiences" | "request.auth.presenter" => Self::Any,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.trustDomain" => Self::TrustDomain,
            "destination.port" => Self::Port,
            "destination.namespace" | "destination.name" | "destination.user" => Self::Removed,
            key if key.starts_with("destination.labels") => Self::Removed,
            key if MAPS.iter().any(|start| key.starts_with(start)) => Self::Map,
            _ => Self::Unknown,
        }
    }

    /// Whether the attribute allows a value.
    pub fn allows(self, value: &str) -> bool {
        match self {
            Self::Any | Self::Map => true,
            Self::Network => is_subnet(value),
            Self::ServiceAccount => is_service_account(value),
            Self::TrustDomain => is_wildcard_value(value),
            Self::Port => is_policy_port(value),
            Self::Removed | Self::Unknown => false,
        }
    }
}
