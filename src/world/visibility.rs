//! The visibility of a resource: `exportTo`.

use std::collections::BTreeSet;

/// The namespaces that a resource is exported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTo {
    /// All namespaces: `*`.
    Public,
    /// No namespace: `~`.
    Nobody,
    /// The listed namespaces; `.` is replaced by that of the resource.
    Namespaces(BTreeSet<String>),
}

impl ExportTo {
    /// Parses the list of a resource in `namespace`. An empty list means `default` (istiod: `initVirtualServices`).
    pub fn new<'s>(written: impl IntoIterator<Item = &'s str>, namespace: &str, default: &[String]) -> Self {
        let mut entries: Vec<&str> = written.into_iter().collect();
        if entries.is_empty() {
            entries = default.iter().map(String::as_str).collect();
        }
        if entries.is_empty() || entries.contains(&"*") {
            return Self::Public;
        }
        if entries.contains(&"~") {
            return Self::Nobody;
        }
        let resolve = |entry: &str| if entry == "." { namespace.to_owned() } else { entry.to_owned() };
        Self::Namespaces(entries.into_iter().map(resolve).collect())
    }

    /// Whether proxies of `namespace` see the resource.
    pub fn includes(&self, namespace: &str) -> bool {
        match self {
            Self::Public => true,
            Self::Nobody => false,
            Self::Namespaces(namespaces) => namespaces.contains(namespace),
        }
    }

    /// Whether some namespace sees both resources.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nobody, _) | (_, Self::Nobody) => false,
            (Self::Public, _) | (_, Self::Public) => true,
            (Self::Namespaces(a), Self::Namespaces(b)) => !a.is_disjoint(b),
        }
    }
}
