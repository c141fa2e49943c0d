//! EndpointSlice.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// The addresses of the pods behind a service, as a cluster writes them down.
    open struct EndpointSlice {
        endpoints: Vec<Endpoint>,
    }
}

message! {
    /// Addresses that are the same pod's.
    open struct Endpoint {
        addresses: Vec<Spanned<String>>,
    }
}
