//! The texts of scalars.

use std::borrow::Cow;

use crate::yaml::{Node, Value};

/// The text of a scalar. `None` for null, lists and mappings.
pub(super) fn text(node: &Node) -> Option<Cow<'_, str>> {
    match &node.value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Int(number) => Some(Cow::Owned(number.to_string())),
        Value::Float(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}
