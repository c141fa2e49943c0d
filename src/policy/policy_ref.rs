//! References to policies.

use crate::source::Span;
use crate::world::{Policy, World};

/// A reference to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    /// The kind.
    pub kind: &'static str,
    /// `namespace/name`.
    pub name: String,
    /// The place of the resource.
    pub span: Span,
    /// The file.
    pub file: String,
}

impl PolicyRef {
    /// A reference to a policy.
    pub fn new<S>(world: &World<'_>, policy: &Policy<'_, S>) -> Self {
        Self {
            kind: policy.resource.kind.name(),
            name: policy.name.to_string(),
            span: policy.resource.span,
            file: world.snapshot.sources.file(policy.resource.span.file).path().to_owned(),
        }
    }
}
