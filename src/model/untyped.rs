//! Values whose content is somebody else's: Envoy's configuration, the configuration of a plugin.

use super::decode::{Decode, Decoder};
use crate::source::{Span, Spanned};
use crate::yaml::{Node, Value};

/// A mapping that is not looked into, but for its name.
#[derive(Debug, Clone)]
pub struct Untyped {
    /// Where it stands.
    pub span: Span,
    /// What it calls itself, as Envoy's objects do.
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
