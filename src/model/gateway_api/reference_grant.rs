//! ReferenceGrant.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Allows references from other namespaces to resources of its own.
    struct ReferenceGrant {
        from: Vec<ReferenceGrantFrom>,
        to: Vec<ReferenceGrantTo>,
    }
}

message! {
    /// Who may refer.
    struct ReferenceGrantFrom {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}

message! {
    /// To what; without a name, to all of the kind.
    struct ReferenceGrantTo {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}
