//! Identities of workloads, as their certificates name them.

use std::fmt;

/// The identity of a workload: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>` without the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The trust domain.
    pub trust_domain: String,
    /// The namespace.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/ns/{}/sa/{}", self.trust_domain, self.namespace, self.service_account)
    }
}

/// A trust domain that always means the mesh's own.
const DEFAULT_TRUST_DOMAIN: &str = "cluster.local";

/// The principals that a written one stands for: one in the mesh's trust domain means those of all its aliases as well
/// (istiod: `ReplaceTrustDomainAliases`). A principal that starts with `*` leaves the trust domain open.
pub(super) fn with_aliases(principal: &str, trust_domain: &str, aliases: &[String]) -> Vec<String> {
    let unchanged = vec![principal.to_owned()];
    let Some((written, rest)) = principal.split_once('/').filter(|(domain, _)| !domain.contains('*')) else {
        return unchanged;
    };
    let mut own: Vec<&str> = vec![trust_domain];
    own.extend(aliases.iter().map(String::as_str));
    if !own.contains(&DEFAULT_TRUST_DOMAIN) {
        own.push(DEFAULT_TRUST_DOMAIN);
    }
    if own.contains(&written) { own.iter().map(|domain| format!("{domain}/{rest}")).collect() } else { unchanged }
}

#[cfg(test)]
mod tests {
    use super::with_aliases;

    #[test]
    fn the_mesh_has_its_own_trust_domain_and_its_aliases() {
        let of = |principal: &str| with_aliases(principal, "new", &["old".to_owned()]).join(" ");
        assert_eq!(of("old/ns/a/sa/b"), "new/ns/a/sa/b old/ns/a/sa/b cluster.local/ns/a/sa/b");
        assert_eq!(of("cluster.local/ns/a/*"), "new/ns/a/* old/ns/a/* cluster.local/ns/a/*");
        assert_eq!(of("other/ns/a/sa/b"), "other/ns/a/sa/b");
        assert_eq!(of("*/ns/a/sa/b"), "*/ns/a/sa/b");
    }
}
