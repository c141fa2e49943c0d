//! References to other resources.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// The parent that a route attaches to. `kind` defaults to Gateway.
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
    /// The destination of requests. `kind` defaults to Service.
    struct BackendObjectReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
    }
}

message! {
    /// A destination of connections with its weight.
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
    /// A resource of any kind.
    struct ObjectReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}

message! {
    /// A certificate. `kind` defaults to Secret.
    struct SecretReference {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}
