//! Values whose content is somebody else's: Envoy's configuration, the configuration of a plugin.

use super::decode::{Decode, Decoder};
use crate::source::Span;
use crate::yaml::{Node, Value};

/// A mapping that is not looked into.
#[derive(Debug, Clone)]
pub struct Untyped {
    /// Where it stands.
    pub span: Span,
}

impl Decode for Untyped {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match node.value {
            Value::Mapping(_) | Value::Null => Some(Self { span: node.span }),
            _ => {
                decoder.wrong_type(node, "a mapping");
                None
            }
        }
    }
}
