//! EndpointSlice.

use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// The addresses of the pods of a Service, which the cluster generates.
    open struct EndpointSlice {
        endpoints: Vec<Endpoint>,
    }
}

message! {
    /// The addresses of one pod.
    open struct Endpoint {
        addresses: Vec<Spanned<String>>,
    }
}
