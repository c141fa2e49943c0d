//! Fields by kind and path, as the tables of the transformers list them.

use std::borrow::Cow;

/// A field of the objects of some kinds. Empty parts of the kind fit all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSpec {
    /// The group.
    pub group: Cow<'static, str>,
    /// The version.
    pub version: Cow<'static, str>,
    /// The kind.
    pub kind: Cow<'static, str>,
    /// The path: keys with `/` between them. Lists are passed through.
    pub path: Cow<'static, str>,
    /// Whether missing mappings on the path are created.
    pub create: bool,
}
