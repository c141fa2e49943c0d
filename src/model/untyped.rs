//! Values of types that Istio does not define, such as Envoy's configuration or that of a plugin.

use super::decode::{Decode, Decoder};
use crate::source::{Span, Spanned};
use crate::yaml::{Node, Value};

/// A mapping of which only the place and the name are decoded.
#[derive(Debug, Clone)]
pub struct Untyped {
    /// The place of the mapping.
    pub span: Span,
    /// The field `name`, which most Envoy objects have.
    pub name: Option<Spanned<String>>,
}

impl Decode for Untyped {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        match node.value {
            Value::Mapping(_) | Value::Null => {
                let name = node.get("name").and_then(|name| Some(Spanned::new(name.as_str()?.to_owned(), name.span)));
                Some(Self { span: node.span, name })
            }
            _ => {
                decoder.wrong_type(node, "a mapping");
                None
            }
        }
    }
}
