//! WorkloadEntry.

use crate::model::macros::message;
use crate::model::map::{Labels, Map};
use crate::source::Spanned;

message! {
    /// A workload that is not a pod, or an endpoint of a ServiceEntry.
    plain struct WorkloadEntry {
        address: Option<Spanned<String>>,
        ports: Map<Spanned<u32>>,
        labels: Labels,
        network: Option<Spanned<String>>,
        locality: Option<Spanned<String>>,
        weight: Option<Spanned<u32>>,
        service_account: Option<Spanned<String>>,
    }
}
