//! What a cluster is made of: nodes, service accounts, the definitions of other kinds.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// A node; all that matters of it is in its metadata.
    open struct ClusterNode {}
}

message! {
    /// Whom pods run as; all that matters of it is in its metadata.
    open struct ServiceAccount {}
}

message! {
    /// The definition of a kind.
    open struct CustomResourceDefinition {
        group: Option<Spanned<String>>,
        names: Option<CustomResourceNames>,
    }
}

message! {
    /// What a kind is called.
    open struct CustomResourceNames {
        kind: Option<Spanned<String>>,
        plural: Option<Spanned<String>>,
    }
}
