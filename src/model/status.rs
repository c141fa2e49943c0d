//! The status of a resource, which controllers write. Only manifests from a cluster have one.

use super::macros::message;
use crate::source::Spanned;

message! {
    /// A status with its conditions.
    open struct Status {
        conditions: Vec<StatusCondition>,
        /// The status of a route for each of its parents.
        parents: Vec<ParentStatus>,
        /// The address of a pod.
        pod_ip as "podIP": Option<Spanned<String>>,
    }
}

message! {
    /// The status of a route for one parent.
    open struct ParentStatus {
        conditions: Vec<StatusCondition>,
    }
}

message! {
    /// A condition: its status, and the reason for it.
    open struct StatusCondition {
        r#type: Option<Spanned<String>>,
        status: Option<Spanned<String>>,
        reason: Option<Spanned<String>>,
        message: Option<Spanned<String>>,
    }
}
