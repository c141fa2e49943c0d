//! Nodes, service accounts and definitions of custom resources.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// A node. Only its metadata is used.
    open struct ClusterNode {}
}

message! {
    /// The identity that pods run as. Only its metadata is used.
    open struct ServiceAccount {}
}

message! {
    /// The definition of a custom kind.
    open struct CustomResourceDefinition {
        group: Option<Spanned<String>>,
        names: Option<CustomResourceNames>,
    }
}

message! {
    /// The names of a custom kind.
    open struct CustomResourceNames {
        kind: Option<Spanned<String>>,
        plural: Option<Spanned<String>>,
    }
}
