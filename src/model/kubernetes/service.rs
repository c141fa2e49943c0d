//! Service.

use crate::model::decode::{Decode, Decoder};
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;
use crate::yaml::{Node, Value};

message! {
    /// A service: a name for the pods that the selector selects.
    open struct Service {
        selector: Labels,
        ports: Vec<ServicePort>,
        r#type: Option<Spanned<String>>,
        cluster_ip as "clusterIP": Option<Spanned<String>>,
        cluster_ips as "clusterIPs": Vec<Spanned<String>>,
        external_name: Option<Spanned<String>>,
    }
}

message! {
    /// A port of a service.
    open struct ServicePort {
        name: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        protocol: Option<Spanned<String>>,
        app_protocol: Option<Spanned<String>>,
        target_port: Option<Spanned<TargetPort>>,
    }
}

impl ServicePort {
    /// The transport protocol. The default is TCP.
    pub fn transport(&self) -> &str {
        transport(&self.protocol)
    }
}

/// The transport protocol in the field `protocol` of a port. The default is TCP.
pub(super) fn transport(protocol: &Option<Spanned<String>>) -> &str {
    protocol.as_ref().map(|protocol| protocol.as_str()).filter(|protocol| !protocol.is_empty()).unwrap_or("TCP")
}

/// A reference to a port of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}

impl Decode for Spanned<TargetPort> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let target = match &node.value {
            Value::String(name) => TargetPort::Name(name.to_string()),
            Value::Int(number) => match u32::try_from(*number) {
                Ok(number) => TargetPort::Number(number),
                Err(_) => {
                    decoder.invalid(node, "a port number or name", None);
                    return None;
                }
            },
            _ => {
                decoder.wrong_type(node, "a port number or name");
                return None;
            }
        };
        Some(Spanned::new(target, node.span))
    }
}
