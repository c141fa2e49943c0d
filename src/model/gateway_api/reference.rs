//! References to other resources.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// What a route attaches to: a Gateway unless it says otherwise.
    struct ParentReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        section_name: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
    }
}

message! {
    /// Where requests go: a Service unless it says otherwise.
    struct BackendObjectReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
    }
}

message! {
    /// Where connections go, with their share.
    struct BackendRef {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        weight: Option<Spanned<i32>>,
    }
}

message! {
    /// A resource of some kind.
    struct ObjectReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}

message! {
    /// A certificate: a Secret unless it says otherwise.
    struct SecretReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}
