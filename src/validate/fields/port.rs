//! Ports: their numbers, names and protocols (istio: `ValidatePort`, `ValidatePortName`, `ValidateProtocol`).

use crate::model::field::TextField;
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::{is_label, is_port};
use crate::validate::violation::Violations;
use crate::world::Protocol;

/// The protocols that a port can have, in upper or lower case.
const PROTOCOLS: [&str; 12] =
    ["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB", "HTTPS", "TLS", "TCP", "MONGO", "MYSQL", "REDIS", "UDP"];

/// The help for an invalid port number.
const NUMBERS: &str = "use a number from 1 to 65535";

/// Checks the number of a port. `id` is the number of istiod's check.
pub fn check_number(number: Spanned<u32>, id: &'static str, violations: &mut Violations<'_>) {
    if !is_port(number.value) {
        let message = format!("{} is not a valid port number", number.value);
        violations.error(id, Mistake::InvalidPort, number.span, message).help(NUMBERS);
    }
}

/// Checks a required number of a port. `missing` is the message and the place for an absent number.
pub fn check_required_number(
    number: Option<Spanned<u32>>,
    missing: (&'static str, Span),
    id: &'static str,
    violations: &mut Violations<'_>,
) {
    match number {
        Some(number) => check_number(number, id, violations),
        None => {
            let (message, span) = missing;
            violations.error(id, Mistake::MissingField, span, message).help("add a number from 1 to 65535");
        }
    }
}

/// Checks the name of a port.
pub fn check_name(name: &Spanned<String>, id: &'static str, violations: &mut Violations<'_>) {
    if !is_label(name) {
        let message = format!("{} is not a valid port name", quoted(name));
        let help = "use up to 63 letters, digits and dashes";
        violations.error(id, Mistake::InvalidPort, name.span, message).help(help);
    }
}

/// Checks the protocol of a port. Without one, proxies detect the protocol.
pub fn check_protocol(protocol: &Option<Spanned<String>>, id: &'static str, violations: &mut Violations<'_>) {
    let Some(word) = protocol.filled().filter(|word| Protocol::parse(word) == Protocol::Auto) else { return };
    let message = format!("Istio does not know the protocol {}", quoted(word));
    let violation = violations.error(id, Mistake::InvalidPort, word.span, message);
    match crate::model::nearest(word, PROTOCOLS) {
        Some(nearest) => violation.did_you_mean(nearest),
        None => violation.help(format!("use one of {}", PROTOCOLS.join(", "))),
    };
}
