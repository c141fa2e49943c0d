//! Host names: short names, and the comparison of wildcards (istiod: `pkg/config/host`); addresses used as hosts.
//!
//! A name is a wildcard if it starts with `*`. The rest is compared as a suffix, so `*.foo.com` does not match
//! `foo.com`. Comparison is case-sensitive.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::net::IpAddr;

use ipnet::IpNet;

/// The full host name for a host written in a resource of `namespace`. A name without a dot becomes
/// `<name>.<namespace>.svc.<domain>`; other names stay (istiod: `ResolveShortnameToFQDN`). An empty namespace or domain
/// is left out.
pub fn expand<'h>(host: &'h str, namespace: &str, domain: &str) -> Cow<'h, str> {
    let stays = host.is_empty() || host == "*" || host.contains('.') || host.parse::<IpAddr>().is_ok();
    if stays {
        return Cow::Borrowed(host);
    }
    let mut full = host.to_owned();
    for (separator, part) in [(".", namespace), (".svc.", domain)] {
        if !part.is_empty() {
            full.push_str(separator);
            full.push_str(part);
        }
    }
    Cow::Owned(full)
}

/// Parses an address, or a network such as `10.0.0.0/8`.
pub fn network(written: &str) -> Option<IpNet> {
    written.parse().ok().or_else(|| written.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The text after the `*` of a wildcard; `None` for a plain name.
pub fn wildcard_suffix(host: &str) -> Option<&str> {
    host.strip_prefix('*')
}

/// Whether some name matches both hosts.
pub fn overlap(a: &str, b: &str) -> bool {
    match (wildcard_suffix(a), wildcard_suffix(b)) {
        (None, None) => a == b,
        (Some(suffix), None) => b.ends_with(suffix),
        (None, Some(suffix)) => a.ends_with(suffix),
        (Some(a), Some(b)) => a.ends_with(b) || b.ends_with(a),
    }
}

/// Whether `wide` matches every name that `narrow` matches. A plain name never covers a wildcard.
pub fn covered_by(narrow: &str, wide: &str) -> bool {
    match (wildcard_suffix(narrow), wildcard_suffix(wide)) {
        (None, None) => narrow == wide,
        (Some(_), None) => false,
        (None, Some(suffix)) => narrow.ends_with(suffix),
        (Some(narrow), Some(wide)) => narrow.ends_with(wide),
    }
}

/// The order of precedence: plain names before wildcards, longer names before shorter ones, then alphabetical.
pub fn by_specificity(a: &str, b: &str) -> Ordering {
    let key = |host: &str| (wildcard_suffix(host).is_some(), Reverse(host.len()));
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

/// The most specific of `hosts` that covers `needle` (istiod: `MostSpecificHostMatch`).
pub fn most_specific<'h>(needle: &str, hosts: impl IntoIterator<Item = &'h str>) -> Option<&'h str> {
    hosts.into_iter().filter(|host| covered_by(needle, host)).min_by(|a, b| by_specificity(a, b))
}

/// The hosts that both lists match: the narrower one of each overlapping pair, without duplicates, in order.
pub fn intersection<'h>(servers: &[&'h str], hosts: &[&'h str]) -> Vec<&'h str> {
    let mut common: Vec<&str> = Vec::new();
    for server in servers {
        for host in hosts {
            let narrower = if covered_by(host, server) {
                host
            } else if covered_by(server, host) {
                server
            } else {
                continue;
            };
            if !common.contains(narrower) {
                common.push(narrower);
            }
        }
    }
    common
}

/// The name and namespace of a Kubernetes Service, from its full host name.
pub fn kubernetes_service<'h>(host: &'h str, domain: &str) -> Option<(&'h str, &'h str)> {
    let rest = host.strip_suffix(domain)?.strip_suffix(".svc.")?;
    rest.split_once('.')
        .filter(|(name, namespace)| !name.is_empty() && !namespace.contains('.') && !name.starts_with('*'))
}

/// The form of a full host name, which shows where its definition is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<'h> {
    /// The name of a Kubernetes Service.
    Kubernetes {
        /// The name of the Service.
        name: &'h str,
        /// The namespace of the Service.
        namespace: &'h str,
    },
    /// `name.namespace` or `name.namespace.svc`, which Istio does not expand.
    TwoLabels {
        /// The part before the dot.
        name: &'h str,
        /// The part after the dot.
        namespace: &'h str,
    },
    /// Any other name, which only a ServiceEntry can define.
    External,
}

impl<'h> Form<'h> {
    /// The form of a full host name.
    pub fn of(full: &'h str, domain: &str) -> Self {
        if let Some((name, namespace)) = kubernetes_service(full, domain) {
            return Self::Kubernetes { name, namespace };
        }
        match full.strip_suffix(".svc").unwrap_or(full).split_once('.') {
            Some((name, namespace)) if !namespace.contains('.') && !name.starts_with('*') => {
                Self::TwoLabels { name, namespace }
            }
            _ => Self::External,
        }
    }
}

/// A host that only resembles the name of a Kubernetes Service: istiod does not complete it, and only a ServiceEntry with
/// exactly this host could define it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misshape<'h> {
    /// `reviews.svc.cluster.local`, or its start: the namespace is missing.
    NoNamespace {
        /// The name of the Service.
        name: &'h str,
    },
    /// `reviews.shop.svc`, `reviews.shop.svc.cluster` or `reviews.shop.cluster.local`: a part of the end is missing.
    NoEnd {
        /// The name of the Service.
        name: &'h str,
        /// The namespace of the Service.
        namespace: &'h str,
    },
    /// `reviews.shop.svc.cluster.local.`, with a dot at the end.
    FinalDot {
        /// The name without the dot.
        host: &'h str,
    },
    /// `reviews-0.reviews.shop.svc.cluster.local`: the name of a pod of a headless Service.
    OfPod {
        /// The name of the Service.
        name: &'h str,
        /// The namespace of the Service.
        namespace: &'h str,
    },
    /// `reviews.shop.svc.example.org`: the cluster has another domain.
    OtherDomain {
        /// The name of the Service.
        name: &'h str,
        /// The namespace of the Service.
        namespace: &'h str,
        /// The domain.
        domain: &'h str,
    },
}

impl<'h> Misshape<'h> {
    /// The domain of the services of a set of clusters, which istiod can define (istiod: `ENABLE_MCS_HOST`).
    const SET_OF_CLUSTERS: &'static str = "clusterset.local";

    /// The shape of a host that resembles a full name in a domain. `None` for full names, wildcards and other hosts.
    pub fn of(host: &'h str, domain: &str) -> Option<Self> {
        if host.starts_with('*') || kubernetes_service(host, domain).is_some() {
            return None;
        }
        if let Some(host) = host.strip_suffix('.') {
            return kubernetes_service(host, domain).is_some().then_some(Self::FinalDot { host });
        }
        let labels: Vec<&str> = host.split('.').collect();
        if labels.iter().any(|label| label.is_empty()) {
            return None;
        }
        if let Some(at) = labels.iter().skip(1).position(|label| *label == "svc").map(|at| at + 1) {
            let start: usize = labels[..=at].iter().map(|label| label.len() + 1).sum();
            let end = host.get(start..).unwrap_or_default();
            let is_start = end.is_empty() || domain.strip_prefix(end).is_some_and(|rest| rest.starts_with('.'));
            return match labels[..at] {
                [name] if end == domain || is_start => Some(Self::NoNamespace { name }),
                [name, namespace] if is_start => Some(Self::NoEnd { name, namespace }),
                [name, namespace] if end != Self::SET_OF_CLUSTERS => {
                    Some(Self::OtherDomain { name, namespace, domain: end })
                }
                [_, name, namespace] if end == domain => Some(Self::OfPod { name, namespace }),
                _ => None,
            };
        }
        let rest = host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.')).filter(|_| !domain.is_empty())?;
        match rest.split('.').collect::<Vec<_>>()[..] {
            [name] => Some(Self::NoNamespace { name }),
            [name, namespace] => Some(Self::NoEnd { name, namespace }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_without_a_dot_are_short() {
        assert_eq!(expand("reviews", "shop", "cluster.local"), "reviews.shop.svc.cluster.local");
        assert_eq!(expand("reviews", "shop", ""), "reviews.shop");
        assert_eq!(expand("reviews", "", "cluster.local"), "reviews.svc.cluster.local");
        for host in ["reviews.prod", "*", "10.0.0.1", "::1", "example.com", ""] {
            assert_eq!(expand(host, "shop", "cluster.local"), host);
        }
    }

    #[test]
    fn some_hosts_only_resemble_services() {
        let (name, namespace) = ("web", "shop");
        for (host, expected) in [
            ("web.svc.cluster.local", Some(Misshape::NoNamespace { name })),
            ("web.svc", Some(Misshape::NoNamespace { name })),
            ("web.cluster.local", Some(Misshape::NoNamespace { name })),
            ("web.shop.svc", Some(Misshape::NoEnd { name, namespace })),
            ("web.shop.svc.cluster", Some(Misshape::NoEnd { name, namespace })),
            ("web.shop.cluster.local", Some(Misshape::NoEnd { name, namespace })),
            ("web.shop.svc.cluster.local.", Some(Misshape::FinalDot { host: "web.shop.svc.cluster.local" })),
            ("web-0.web.shop.svc.cluster.local", Some(Misshape::OfPod { name, namespace })),
            ("web.shop.svc.clusterlocal", Some(Misshape::OtherDomain { name, namespace, domain: "clusterlocal" })),
            ("web.shop.svc.clusterset.local", None),
            ("web.shop.svc.cluster.local", None),
            ("*.svc.cluster.local", None),
            ("web.shop", None),
            ("svc.example.com", None),
            ("web.example.com", None),
            ("10-0-0-1.shop.pod.cluster.local", None),
        ] {
            assert_eq!(Misshape::of(host, "cluster.local"), expected, "{host}");
        }
    }

    #[test]
    fn a_wildcard_is_a_suffix() {
        assert!(overlap("*.foo.com", "a.b.foo.com") && overlap("*foo.com", "xfoo.com"));
        assert!(!overlap("*.foo.com", "foo.com"));
        assert!(covered_by("*.b.foo.com", "*.foo.com") && !covered_by("*.foo.com", "*.b.foo.com"));
        assert!(!covered_by("*", "foo.com") && covered_by("foo.com", "*"));
    }

    #[test]
    fn plain_names_win_then_longer_wildcards() {
        let hosts = ["*", "*.com", "a.foo.com", "*.foo.com"];
        assert_eq!(most_specific("a.foo.com", hosts), Some("a.foo.com"));
        assert_eq!(most_specific("b.foo.com", hosts), Some("*.foo.com"));
        assert_eq!(most_specific("*.foo.com", hosts), Some("*.foo.com"));
        assert_eq!(most_specific("*.bar.foo.com", hosts), Some("*.foo.com"));
    }

    #[test]
    fn an_intersection_keeps_the_narrower_name() {
        assert_eq!(intersection(&["*.foo.com", "bar.com"], &["a.foo.com", "*"]), ["a.foo.com", "*.foo.com", "bar.com"]);
    }
}
