//! The forms of the names of workloads and gateways.

/// A name as people write it: `web`, `shop/web`, `deployment/web` or `shop/deployment/web`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenName<'t> {
    /// The namespace, if the text has one.
    pub namespace: Option<&'t str>,
    /// The kind in lower case, if the text has one.
    pub kind: Option<&'static str>,
    /// The name.
    pub name: &'t str,
}

/// The names of kinds, with the short forms of `kubectl`.
const KINDS: &[(&str, &[&str])] = &[
    ("deployment", &["deployment", "deployments", "deploy"]),
    ("statefulset", &["statefulset", "statefulsets", "sts"]),
    ("daemonset", &["daemonset", "daemonsets", "ds"]),
    ("replicaset", &["replicaset", "replicasets", "rs"]),
    ("rollout", &["rollout", "rollouts", "ro"]),
    ("pod", &["pod", "pods", "po"]),
    ("job", &["job", "jobs"]),
    ("cronjob", &["cronjob", "cronjobs", "cj"]),
    ("workloadentry", &["workloadentry", "workloadentries", "we"]),
    ("workloadgroup", &["workloadgroup", "workloadgroups", "wg"]),
    ("service", &["service", "services", "svc"]),
    ("gateway", &["gateway", "gateways", "gw", "gtw"]),
];

impl<'t> WrittenName<'t> {
    /// Reads a name. The error says which forms there are.
    pub fn parse(text: &'t str) -> Result<Self, String> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('/').collect();
        let (namespace, kind, name) = match parts.as_slice() {
            [name] => (None, None, *name),
            [first, name] => match kind(first) {
                Some(kind) => (None, Some(kind), *name),
                None => (Some(*first), None, *name),
            },
            [namespace, written, name] if let Some(kind) = kind(written) => (Some(*namespace), Some(kind), *name),
            _ => return Err(not_a_name(text)),
        };
        let is_complete = !name.is_empty() && namespace.is_none_or(|namespace| !namespace.is_empty());
        let is_name = |text: &str| !text.contains(|it: char| it.is_whitespace() || matches!(it, ':' | '=' | ','));
        if !is_complete || !parts.iter().all(|part| is_name(part)) {
            return Err(not_a_name(text));
        }
        Ok(Self { namespace, kind, name })
    }

    /// Whether the text is one word, which can also be a namespace.
    pub fn is_word(&self) -> bool {
        self.namespace.is_none() && self.kind.is_none()
    }
}

fn kind(written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase();
    KINDS.iter().find(|(_, forms)| forms.contains(&written.as_str())).map(|(kind, _)| *kind)
}

fn not_a_name(text: &str) -> String {
    format!("`{text}` is not a valid name: write `NAMESPACE/NAME`, `NAME` or `KIND/NAME`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_forms_of_kubectl() {
        let parse = |text| WrittenName::parse(text).map(|it| (it.namespace, it.kind, it.name));
        assert_eq!(parse("web"), Ok((None, None, "web")));
        assert_eq!(parse("shop/web"), Ok((Some("shop"), None, "web")));
        assert_eq!(parse("deploy/web"), Ok((None, Some("deployment"), "web")));
        assert_eq!(parse("shop/Pod/web-0"), Ok((Some("shop"), Some("pod"), "web-0")));
        for text in ["", "/", "shop/", "/web", "a/b/c", "a/deploy/b/c", "http://web", "app=web", "a b"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
