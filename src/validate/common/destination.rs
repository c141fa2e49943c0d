//! Where requests go: of routes, of an egress proxy (istio: `validateDestination`).

use super::field::{filled, place, text};
use crate::model::networking::Destination;
use crate::validate::Family;
use crate::validate::syntax::{is_label, is_port, is_wildcard_domain};
use crate::validate::violation::Found;

/// Checks a destination.
pub fn check(destination: &Destination, found: &mut Found<'_>) {
    let host = text(&destination.host);
    let span = place(&destination.host, destination.span);
    if host == "*" {
        let message = "requests cannot go to every host";
        found.error("DE-1", Family::InvalidHost, span, message).help("write the host of one service");
    } else if !is_wildcard_domain(host) {
        let message = match host {
            "" => "this destination has no host".to_owned(),
            host => format!("{host:?} is no host"),
        };
        found.error("DE-2", Family::InvalidHost, span, message).help("write the host of a service");
    }
    if let Some(subset) = filled(&destination.subset).filter(|subset| !is_label(subset)) {
        let message = format!("{:?} is no name of a subset", subset.value);
        let help = "it takes letters, digits and dashes, at most 63";
        found.error("DE-3", Family::InvalidReference, subset.span, message).help(help);
    }
    if let Some(port) = &destination.port
        && !port.number.as_ref().is_some_and(|number| is_port(number.value))
    {
        let message = match &port.number {
            Some(number) => format!("{} is no port", number.value),
            None => "this port has no number".to_owned(),
        };
        let span = place(&port.number, port.span);
        found.error("DE-4", Family::InvalidPort, span, message).help("it takes a number from 1 to 65535");
    }
}
