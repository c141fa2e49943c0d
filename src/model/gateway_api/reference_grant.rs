//! ReferenceGrant.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Allows references from other namespaces to resources in the namespace of the grant.
    struct ReferenceGrant {
        from: Vec<ReferenceGrantFrom>,
        to: Vec<ReferenceGrantTo>,
    }
}

message! {
    /// The resources that may refer.
    struct ReferenceGrantFrom {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}

message! {
    /// The resources that may be referred to. Without a name, all resources of the kind.
    struct ReferenceGrantTo {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}
