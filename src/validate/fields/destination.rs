//! Destinations of routes (istio: `validateDestination`).

use super::port;
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::Destination;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::{is_label, is_wildcard_domain};
use crate::validate::violation::Violations;

/// Checks the host, the subset and the port.
pub fn check(destination: &Destination, violations: &mut Violations<'_>) {
    check_host(destination, violations);
    if let Some(subset) = destination.subset.filled().filter(|subset| !is_label(subset)) {
        let message = format!("{} is not a valid subset name", quoted(subset));
        violations
            .error("DE-3", Mistake::InvalidReference, subset.span, message)
            .help("use up to 63 letters, digits and dashes");
    }
    let Some(port) = &destination.port else { return };
    port::check_required_number(port.number, ("the port has no number", port.span), "DE-4", violations);
}

fn check_host(destination: &Destination, violations: &mut Violations<'_>) {
    let span = destination.host.place(destination.span);
    match destination.host.text() {
        "*" => {
            violations
                .error("DE-1", Mistake::InvalidHost, span, "a destination cannot be the wildcard `*`")
                .help("write the name of a service, such as `reviews`");
        }
        "" => {
            violations
                .error("DE-2", Mistake::MissingField, span, "the destination has no host")
                .help("write the name of a service, such as `reviews`");
        }
        host if !is_wildcard_domain(host) => {
            let message = format!("{} is not a valid host", quoted(host));
            violations
                .error("DE-2", Mistake::InvalidHost, span, message)
                .help("write the name of a service, such as `reviews` or `reviews.shop.svc.cluster.local`");
        }
        _ => {}
    }
}
