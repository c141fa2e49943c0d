//! Ports: their numbers, names and protocols (istio: `ValidatePort`, `ValidatePortName`, `ValidateProtocol`).

use super::field::filled;
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::syntax::{is_label, is_port};
use crate::validate::violation::Found;
use crate::world::Protocol;

/// The protocols that ports can name, in any case.
const PROTOCOLS: [&str; 12] =
    ["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB", "HTTPS", "TLS", "TCP", "MONGO", "MYSQL", "REDIS", "UDP"];

/// What a number of a port can be.
const NUMBERS: &str = "it takes a number from 1 to 65535";

/// Checks the number of a port by the rule `id`.
pub fn check_number(number: Spanned<u32>, id: &'static str, found: &mut Found<'_>) {
    if !is_port(number.value) {
        let message = format!("{} is no port", number.value);
        found.error(id, Family::InvalidPort, number.span, message).help(NUMBERS);
    }
}

/// Checks the number of a port by the rule `id`. If there is none, `missing` says what lacks it, and where that stands.
pub fn check_needed_number(
    number: Option<Spanned<u32>>,
    missing: (&'static str, Span),
    id: &'static str,
    found: &mut Found<'_>,
) {
    match number {
        Some(number) => check_number(number, id, found),
        None => {
            let (message, span) = missing;
            found.error(id, Family::MissingField, span, message).help(NUMBERS);
        }
    }
}

/// Checks the name of a port by the rule `id`.
pub fn check_name(name: &Spanned<String>, id: &'static str, found: &mut Found<'_>) {
    if !is_label(name) {
        let message = format!("{:?} is no name of a port", name.value);
        let help = "it takes up to 63 letters, digits and dashes";
        found.error(id, Family::InvalidPort, name.span, message).help(help);
    }
}

/// Checks the protocol of a port by the rule `id`. Without one, proxies find it out.
pub fn check_protocol(protocol: &Option<Spanned<String>>, id: &'static str, found: &mut Found<'_>) {
    let Some(word) = filled(protocol).filter(|word| Protocol::parse(word) == Protocol::Auto) else { return };
    let message = format!("{:?} is no protocol that Istio knows", word.value);
    let help = match crate::model::nearest(word, PROTOCOLS) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("it takes {}", PROTOCOLS.join(", ")),
    };
    found.error(id, Family::InvalidPort, word.span, message).help(help);
}
