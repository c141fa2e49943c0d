//! Metadata of resources.

use super::macros::message;
use super::map::Labels;
use crate::source::Spanned;

message! {
    /// The metadata of a resource: the fields that `mesh` uses.
    open struct Metadata {
        name: Option<Spanned<String>>,
        generate_name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        creation_timestamp: Option<Spanned<String>>,
        labels: Labels,
        annotations: Labels,
    }
}
