//! How answers name a policy.

use crate::source::Span;
use crate::world::{Policy, World};

/// A policy as answers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    /// The kind.
    pub kind: &'static str,
    /// `namespace/name`.
    pub name: String,
    /// The resource.
    pub span: Span,
    /// The file.
    pub file: String,
}

impl PolicyRef {
    /// Names a policy.
    pub fn new<S>(world: &World<'_>, policy: &Policy<'_, S>) -> Self {
        Self {
            kind: policy.resource.kind.name(),
            name: policy.name.to_string(),
            span: policy.resource.span,
            file: world.snapshot.sources.file(policy.resource.span.file).path().to_owned(),
        }
    }
}
