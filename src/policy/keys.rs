//! The attributes that conditions compare: the fields of sources and operations, and the keys of `when`.

/// An attribute of a request that policies compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute<'a> {
    /// `principals`, `source.principal`: the client's identity.
    Principal,
    /// `namespaces`, `source.namespace`: the namespace of that identity.
    Namespace,
    /// `serviceAccounts`, `source.serviceAccount`.
    ServiceAccount,
    /// `trustDomains`, `source.trustDomain`.
    TrustDomain,
    /// `requestPrincipals`, `request.auth.principal`: issuer and subject of the token.
    RequestPrincipal,
    /// `ipBlocks`, `source.ip`.
    SourceIp,
    /// `remoteIpBlocks`, `remote.ip`.
    RemoteIp,
    /// `hosts`.
    Host,
    /// `methods`.
    Method,
    /// `paths`.
    Path,
    /// `destination.ip`.
    DestinationIp,
    /// `ports`, `destination.port`.
    DestinationPort,
    /// `connection.sni`.
    Sni,
    /// `request.auth.audiences`, `request.auth.presenter`, `request.auth.claims[a][b]`.
    Claim(Vec<&'a str>),
    /// `request.headers[name]`.
    Header(&'a str),
    /// `experimental.envoy.filters.…`: metadata that other filters set, which the manifests do not determine.
    FilterMetadata,
}

/// The reason why a key of `when` is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InvalidKey {
    /// The attribute is unknown: istiod drops the rule.
    Unknown,
    /// The part in brackets is missing.
    WithoutName,
}

impl<'a> Attribute<'a> {
    /// Reads a key of `when` (istiod: `model.New`).
    pub(super) fn of_key(key: &'a str) -> Result<Self, InvalidKey> {
        Ok(match key {
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.principal" => Self::Principal,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.trustDomain" => Self::TrustDomain,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Claim(vec!["aud"]),
            "request.auth.presenter" => Self::Claim(vec!["azp"]),
            "destination.ip" => Self::DestinationIp,
            "destination.port" => Self::DestinationPort,
            "connection.sni" => Self::Sni,
            _ => {
                if let Some(rest) = key.strip_prefix("request.headers") {
                    match in_brackets(rest).as_deref() {
                        Some([name]) => Self::Header(name),
                        _ => return Err(InvalidKey::WithoutName),
                    }
                } else if let Some(rest) = key.strip_prefix("request.auth.claims") {
                    Self::Claim(in_brackets(rest).ok_or(InvalidKey::WithoutName)?)
                } else if key.starts_with("experimental.envoy.filters.") {
                    Self::FilterMetadata
                } else {
                    return Err(InvalidKey::Unknown);
                }
            }
        })
    }

    /// Whether the attribute comes from a token, which proxies read only for a RequestAuthentication.
    pub fn is_of_token(&self) -> bool {
        matches!(self, Self::RequestPrincipal | Self::Claim(_))
    }

    /// Whether the attribute comes from the certificate of the client.
    pub fn is_of_identity(&self) -> bool {
        matches!(self, Self::Principal | Self::Namespace | Self::ServiceAccount | Self::TrustDomain)
    }

    /// Whether only HTTP requests have the attribute.
    pub fn is_http_only(&self) -> bool {
        use Attribute::{Claim, Header, Host, Method, Path, RequestPrincipal};
        matches!(self, Host | Method | Path | RequestPrincipal | Claim(_) | Header(_))
    }
}

/// The names in `[a][b]`; `None` if there are none, or one is empty.
fn in_brackets(text: &str) -> Option<Vec<&str>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let names: Vec<&str> = inner.split("][").collect();
    names.iter().all(|name| !name.is_empty()).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_istiod_does() {
        for (key, expected) in [
            ("request.headers[x-a]", Ok(Attribute::Header("x-a"))),
            ("request.headers", Err(InvalidKey::WithoutName)),
            ("request.headers[]", Err(InvalidKey::WithoutName)),
            ("request.auth.claims[a.b][c]", Ok(Attribute::Claim(vec!["a.b", "c"]))),
            ("request.auth.audiences", Ok(Attribute::Claim(vec!["aud"]))),
            ("source.namespaces", Err(InvalidKey::Unknown)),
            ("experimental.envoy.filters.network.mysql_proxy[db.t]", Ok(Attribute::FilterMetadata)),
        ] {
            assert_eq!(Attribute::of_key(key), expected, "{key}");
        }
    }
}
