//! Identities of workloads in their certificates.

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

/// The trust domain that always means that of the mesh.
const DEFAULT_TRUST_DOMAIN: &str = "cluster.local";

/// The trust domain of a mesh, and its aliases.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrustDomains<'a> {
    pub(super) own: &'a str,
    pub(super) aliases: &'a [String],
}

impl<'a> TrustDomains<'a> {
    fn all(self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.own).chain(self.aliases.iter().map(String::as_str))
    }

    /// The principals that a written one stands for. A principal in a trust domain of the mesh stands for one in each
    /// of its trust domains. A principal that is incomplete, or has `*` as its trust domain, stands only for itself
    /// (istiod: `ReplaceTrustDomainAliases`).
    pub(super) fn principals(self, written: &str) -> Vec<String> {
        let unchanged = vec![written.to_owned()];
        let Some((domain, rest)) = written.split_once('/') else { return unchanged };
        let is_whole = rest.split('/').count() == 4;
        let covers = |own: &str| domain.strip_prefix('*').map_or(domain == own, |suffix| own.ends_with(suffix));
        if !is_whole || domain == "*" || !(domain == DEFAULT_TRUST_DOMAIN || self.all().any(covers)) {
            return unchanged;
        }
        let mut principals: Vec<String> = Vec::new();
        for own in self.all() {
            let principal = if covers(own) { written.to_owned() } else { format!("{own}/{rest}") };
            if !principals.contains(&principal) {
                principals.push(principal);
            }
        }
        principals
    }

    /// The trust domains that a written one stands for (istiod: `ExpandTrustDomainAliases`).
    pub(super) fn domains(self, written: &str) -> Vec<String> {
        if self.all().any(|own| own == written) {
            self.all().map(str::to_owned).collect()
        } else {
            vec![written.to_owned()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TrustDomains;

    #[test]
    fn the_mesh_has_its_own_trust_domain_and_its_aliases() {
        let aliases = ["old-td".to_owned()];
        let mesh = TrustDomains { own: "new-td", aliases: &aliases };
        for (written, expected) in [
            ("old-td/ns/a/sa/b", "new-td/ns/a/sa/b old-td/ns/a/sa/b"),
            ("cluster.local/ns/a/sa/b", "new-td/ns/a/sa/b old-td/ns/a/sa/b"),
            ("*-td/ns/a/sa/b", "*-td/ns/a/sa/b"),
            ("*new-td/ns/a/sa/b", "*new-td/ns/a/sa/b old-td/ns/a/sa/b"),
            ("old-td/ns/a/*", "old-td/ns/a/*"),
            ("other/ns/a/sa/b", "other/ns/a/sa/b"),
            ("*/ns/a/sa/b", "*/ns/a/sa/b"),
            ("*", "*"),
        ] {
            assert_eq!(mesh.principals(written).join(" "), expected, "{written}");
        }
        assert_eq!(mesh.domains("old-td"), ["new-td", "old-td"]);
        assert_eq!(mesh.domains("cluster.local"), ["cluster.local"]);
    }
}
