//! CustomResourceDefinition.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// A kind that is added to the API.
    open struct CustomResourceDefinition {
        group: Option<Spanned<String>>,
        names: Option<CustomResourceNames>,
    }
}

message! {
    /// What the kind is called.
    open struct CustomResourceNames {
        kind: Option<Spanned<String>>,
    }
}
