//! The form of the tables of makers.

use super::collector::Collector;
use crate::model::ForeignResource;

/// A custom kind and what its controller makes. A text is a template (see [`super::template`]).
pub(super) struct MakerKind {
    /// The API groups that have the kind; older operators used others.
    pub groups: &'static [&'static str],
    /// The kind. `*` for all kinds of the groups.
    pub kind: &'static str,
    /// Whether the products are all that the controller makes.
    pub extent: Extent,
    /// The products.
    pub products: &'static [Product],
}

/// Whether the products of a kind are known completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nothing else is made.
    Exact,
    /// Options and other releases of the operator make further objects, whose names contain the name of the resource.
    ByName,
}

/// Something that a controller makes, in the namespace of the resource.
pub(super) enum Product {
    /// A Service with its ports, separated by spaces. Without ports, the ports are unknown.
    Service(&'static str, &'static str),
    /// A Secret.
    Secret(&'static str),
    /// A Secret that is copied to namespaces which the resource does not name.
    SecretAnywhere(&'static str),
    /// A ServiceAccount.
    Account(&'static str),
    /// An Istio Gateway.
    Gateway(&'static str),
    /// A Namespace.
    Namespace(&'static str),
    /// Pods with labels, separated by spaces: `app={} tier=web`.
    Pods(&'static str),
    /// Pods whose labels are unknown.
    AnyPods,
    /// Pods with the labels at a path of the spec.
    PodsWithLabelsAt(&'static str),
    /// Anything, in a namespace.
    Anything(&'static str),
    /// Products in another namespace.
    In(&'static str, &'static [Product]),
    /// Products that a function finds.
    Computed(fn(&ForeignResource, &mut Collector<'_>)),
}

/// A kind whose products are all known.
pub(super) const fn exact(
    groups: &'static [&'static str],
    kind: &'static str,
    products: &'static [Product],
) -> MakerKind {
    MakerKind { groups, kind, extent: Extent::Exact, products }
}

/// A kind whose further products contain the name of the resource.
pub(super) const fn by_name(
    groups: &'static [&'static str],
    kind: &'static str,
    products: &'static [Product],
) -> MakerKind {
    MakerKind { groups, kind, extent: Extent::ByName, products }
}
