//! What all resources have: version, kind, metadata.

use super::macros::message;
use super::map::Labels;
use crate::source::Spanned;

message! {
    /// The metadata of a resource, as far as it matters here.
    open struct Metadata {
        name: Option<Spanned<String>>,
        generate_name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        creation_timestamp: Option<Spanned<String>>,
        labels: Labels,
        annotations: Labels,
    }
}
