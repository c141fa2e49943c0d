//! What the texts of policies look like (istio: `pkg/config/security`).

use super::syntax::is_subnet;

/// The operator of a path template that takes one segment.
const ONE: &str = "{*}";

/// The operator of a path template that takes any number of segments.
const ANY: &str = "{**}";

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// Braces that are no operator.
    Braces,
    /// An operator behind `{**}`.
    AfterAny,
    /// A segment beside operators that no literal may look like.
    Literal,
}

/// What is wrong with a path, which may be a template: `/users/{*}/files/{**}`.
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

/// A segment of a path template that stands for itself.
pub fn is_path_literal(segment: &str) -> bool {
    let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte);
    !segment.is_empty() && segment.bytes().all(is_literal)
}

/// A value that may begin or end with a wildcard.
pub fn is_wildcard_value(value: &str) -> bool {
    let inner = value.strip_prefix('*').or_else(|| value.strip_suffix('*')).unwrap_or(value);
    !value.is_empty() && !inner.contains('*')
}

/// A trust domain; it may begin or end with a wildcard.
pub fn is_trust_domain(value: &str) -> bool {
    is_wildcard_value(value) && !value.contains('/')
}

/// A service account: its name, or its namespace and its name.
pub fn is_service_account(value: &str) -> bool {
    let mut parts = value.split('/');
    let has_form = parts.clone().count() <= 2 && parts.all(|part| !part.is_empty());
    has_form && value.len() <= 320 && !value.contains('*')
}

/// A port as policies write it: decimal, 0 let pass.
pub fn is_policy_port(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u16>().is_ok()
}

/// A key with something in brackets: `request.headers[x-user]`.
pub fn is_map_key(key: &str) -> bool {
    let inner = key.strip_suffix(']').and_then(|key| key.split_once('['));
    inner.is_some_and(|(name, inner)| !name.is_empty() && !inner.is_empty())
}

/// The name of a header that a claim is put into.
pub fn is_strict_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// What an attribute of a condition takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// Texts of any form.
    Any,
    /// Texts of any form; the key needs something in brackets.
    Map,
    /// Addresses and networks.
    Network,
    /// Service accounts.
    ServiceAccount,
    /// Trust domains.
    TrustDomain,
    /// Ports.
    Port,
    /// Nothing: it was removed.
    Removed,
    /// Nothing: there never was such an attribute.
    Unknown,
}

impl Attribute {
    /// The attribute of a key.
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

    /// Whether a value has the form that the attribute takes.
    pub fn takes(self, value: &str) -> bool {
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
