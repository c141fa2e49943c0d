//! Destinations of requests and connections (istio: `validateDestination`).

use super::field::{filled, place, text};
use super::port;
use crate::model::networking::Destination;
use crate::validate::Family;
use crate::validate::syntax::{is_label, is_wildcard_domain};
use crate::validate::violation::Found;

/// Checks host, subset and port.
pub fn check(destination: &Destination, found: &mut Found<'_>) {
    check_host(destination, found);
    if let Some(subset) = filled(&destination.subset).filter(|subset| !is_label(subset)) {
        let message = format!("{:?} is no name of a subset", subset.value);
        found
            .error("DE-3", Family::InvalidReference, subset.span, message)
            .help("it takes up to 63 letters, digits and dashes");
    }
    let Some(port) = &destination.port else { return };
    port::check_needed_number(port.number, ("this port has no number", port.span), "DE-4", found);
}

fn check_host(destination: &Destination, found: &mut Found<'_>) {
    let span = place(&destination.host, destination.span);
    match text(&destination.host) {
        "*" => {
            found
                .error("DE-1", Family::InvalidHost, span, "a destination cannot be every host")
                .help("name the service");
        }
        "" => {
            found.error("DE-2", Family::MissingField, span, "this destination has no host").help("name the service");
        }
        host if !is_wildcard_domain(host) => {
            let message = format!("{host:?} is no host");
            found
                .error("DE-2", Family::InvalidHost, span, message)
                .help("write the name of a service, such as reviews or reviews.shop.svc.cluster.local");
        }
        _ => {}
    }
}
