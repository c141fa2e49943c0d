//! What a workload can reach (istio: `validateSidecarEgressPortBindAndCaptureMode` and what follows it).

use std::collections::{BTreeMap, BTreeSet};

use super::{check_number, check_port, check_repeated, report_address};
use crate::model::networking::{CaptureMode, IstioEgressListener, SidecarPort};
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::field::{filled, number, place, text};
use crate::validate::common::scoped_host::{self, Of};
use crate::validate::common::socket;
use crate::validate::syntax::is_ip_address;
use crate::validate::violation::Found;

pub(super) fn check(listeners: &[IstioEgressListener], found: &mut Found<'_>) {
    let (mut numbers, mut sockets) = (BTreeSet::new(), BTreeSet::new());
    for (index, listener) in listeners.iter().enumerate() {
        match &listener.port {
            Some(port) if number(&port.number) == 0 => {
                check_port(port, found);
                check_socket_listener(listener, port, &mut sockets, found);
            }
            Some(port) => {
                check_port(port, found);
                check_number(port, found);
                if let Some(bind) = filled(&listener.bind).filter(|bind| !is_ip_address(bind)) {
                    report_address(bind, found);
                }
                check_repeated(port, &mut numbers, found);
            }
            None if index + 1 < listeners.len() => {
                let message = "this listener has no port, so it has to be the last one";
                let help = "add port, or move it to the end: it takes what the others leave";
                found.error("SC-18", Family::ConflictingFields, listener.span, message).help(help);
            }
            None => {}
        }
        check_hosts(listener, found);
    }
}

/// A listener with the port 0 is a socket.
fn check_socket_listener<'a>(
    listener: &'a IstioEgressListener,
    port: &SidecarPort,
    sockets: &mut BTreeSet<&'a str>,
    found: &mut Found<'_>,
) {
    let is_socket = listener.bind.as_ref().is_some_and(|bind| socket::check(bind, "SC-9", found));
    if !is_socket {
        let span = filled(&listener.bind).map_or_else(|| place(&port.number, port.span), |bind| bind.span);
        let message = "a listener without a port number needs a socket to bind to";
        let help = format!("add port.number, or write bind: {}/path", socket::SCHEME);
        found.error("SC-19", Family::InvalidAddress, span, message).help(help);
    }
    if let Some(mode) = &listener.capture_mode
        && !matches!(mode.value, CaptureMode::Default | CaptureMode::None)
    {
        let message = "traffic to a socket cannot be captured";
        found.error("SC-20", Family::ConflictingFields, mode.span, message).help("write captureMode: NONE");
    }
    if !sockets.insert(text(&listener.bind)) {
        let message = "another listener binds to the same socket";
        let span = place(&listener.bind, listener.span);
        found.error("SC-21", Family::DuplicateEntry, span, message).help("put both into one listener");
    }
}

fn check_hosts(listener: &IstioEgressListener, found: &mut Found<'_>) {
    if listener.hosts.is_empty() {
        let message = "this listener has no hosts";
        let help = "add hosts; \"*/*\" stands for all of them, \"~/*\" for none";
        found.error("SC-22", Family::MissingField, listener.span, message).help(help);
    }
    listener.hosts.iter().for_each(|host| scoped_host::check(host, Of::Egress, found));
    warn_of_overlap(&listener.hosts, found);
}

fn warn_of_overlap(hosts: &[Spanned<String>], found: &mut Found<'_>) {
    let own = found.namespace();
    let mut by_namespace: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut everything = None;
    for host in hosts {
        let Some((namespace, name)) = host.split_once('/').filter(|(namespace, _)| !namespace.starts_with('~')) else {
            continue;
        };
        let names = by_namespace.entry(if namespace == "." { own } else { namespace }).or_default();
        let overlaps = if name == "*" { !names.is_empty() } else { names.contains(name) || names.contains("*") };
        if overlaps {
            let message = format!("{} overlaps with another host of this listener", host.value);
            let help = "remove it, or the other: * already stands for all hosts of a namespace";
            found.warning("SC-23", Family::DuplicateEntry, host.span, message).help(help);
        }
        names.insert(name);
        if (namespace, name) == ("*", "*") {
            everything = Some(host.span);
        }
    }
    if let Some(span) = everything.filter(|_| by_namespace.len() > 1) {
        let message = "*/* already stands for the other hosts of this listener";
        let help = "remove it to narrow down what is reachable, or remove the others";
        found.warning("SC-24", Family::NoEffect, span, message).help(help);
    }
}
