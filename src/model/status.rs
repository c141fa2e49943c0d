//! What a controller wrote back about a resource, where a manifest was taken from a cluster.

use super::macros::message;
use crate::source::Spanned;

message! {
    /// A status, as far as its conditions go.
    open struct Status {
        conditions: Vec<StatusCondition>,
        /// Of routes: one for each Gateway that they are attached to.
        parents: Vec<ParentStatus>,
    }
}

message! {
    /// What the controller of one parent says.
    open struct ParentStatus {
        conditions: Vec<StatusCondition>,
    }
}

message! {
    /// Whether something holds, and why.
    open struct StatusCondition {
        r#type: Option<Spanned<String>>,
        status: Option<Spanned<String>>,
        reason: Option<Spanned<String>>,
        message: Option<Spanned<String>>,
    }
}
