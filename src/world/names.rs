//! Names of resources, and the references to them.

use std::borrow::Cow;
use std::fmt;

/// The namespace and name of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespacedName<'a> {
    /// The namespace.
    pub namespace: Cow<'a, str>,
    /// The name.
    pub name: Cow<'a, str>,
}

impl<'a> NamespacedName<'a> {
    /// The name of a resource in a namespace.
    pub fn new(namespace: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// `namespace/name`, or the name alone for cluster-wide kinds.
impl fmt::Display for NamespacedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_ref() {
            "" => f.write_str(&self.name),
            namespace => write!(f, "{namespace}/{}", self.name),
        }
    }
}

/// The Gateway that an entry of `gateways` refers to, in a resource of `namespace`. `None` for `mesh` (istiod:
/// `resolveGatewayName`).
pub fn resolve_gateway_name<'a>(written: &'a str, namespace: &'a str) -> Option<NamespacedName<'a>> {
    if written == "mesh" {
        return None;
    }
    Some(match written.split_once('/') {
        Some((".", name)) => NamespacedName::new(namespace, name),
        Some((other, name)) => NamespacedName::new(other, name),
        // The older form is `name.namespace` or `name.namespace.svc.…`.
        None => match written.split_once('.') {
            Some((name, rest)) => NamespacedName::new(rest.split('.').next().unwrap_or_default(), name),
            None => NamespacedName::new(namespace, written),
        },
    })
}
