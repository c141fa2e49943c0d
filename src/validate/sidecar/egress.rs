//! Egress listeners of a Sidecar (istio: `validateSidecarEgressPortBindAndCaptureMode`, `ValidateSidecar`).

use std::collections::{BTreeMap, BTreeSet};

use super::{add_invalid_address, check_number, check_port, check_repeated};
use crate::advice::{Advice, Edit};
use crate::model::field::{NumberField, PlacedField, TextField};
use crate::model::networking::{CaptureMode, IstioEgressListener, SidecarPort};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::fields::scoped_host::{self, HostList};
use crate::validate::fields::socket;
use crate::validate::quoted;
use crate::validate::syntax::is_ip_address;
use crate::validate::violation::Violations;

/// Checks the listeners. `own` is the namespace for which `.` stands.
pub(super) fn check(listeners: &[IstioEgressListener], own: &str, violations: &mut Violations<'_>) {
    let (mut numbers, mut sockets) = (BTreeSet::new(), BTreeSet::new());
    for (index, listener) in listeners.iter().enumerate() {
        match &listener.port {
            Some(port) if port.number.number() == 0 => {
                check_port(port, violations);
                check_socket_listener(listener, port, &mut sockets, violations);
            }
            Some(port) => {
                check_port(port, violations);
                check_number(port, violations);
                if let Some(bind) = listener.bind.filled().filter(|bind| !is_ip_address(bind)) {
                    add_invalid_address(bind, violations);
                }
                check_repeated(port, &mut numbers, violations);
            }
            None if index + 1 < listeners.len() => {
                let message = "only the last listener can have no port";
                let help = "add `port`, or move the listener to the end";
                violations.error("SC-18", Mistake::ConflictingFields, listener.span, message).help(help);
            }
            None => {}
        }
        check_hosts(listener, own, violations);
    }
}

/// Checks a listener with port 0, which binds to a socket.
fn check_socket_listener<'a>(
    listener: &'a IstioEgressListener,
    port: &SidecarPort,
    sockets: &mut BTreeSet<&'a str>,
    violations: &mut Violations<'_>,
) {
    let is_socket = listener.bind.as_ref().is_some_and(|bind| socket::check(bind, "SC-9", violations));
    if !is_socket {
        let span = listener.bind.filled().map_or_else(|| port.number.place(port.span), |bind| bind.span);
        let message = "a listener without a port number must bind to a socket";
        let help = format!("add `port.number`, or write `bind: {}/path`", socket::SCHEME);
        violations.error("SC-19", Mistake::InvalidAddress, span, message).help(help);
    }
    if let Some(mode) = &listener.capture_mode
        && !matches!(mode.value, CaptureMode::Default | CaptureMode::None)
    {
        let message = "a listener on a socket cannot capture traffic";
        violations
            .error("SC-20", Mistake::ConflictingFields, mode.span, message)
            .help(Advice::write(Edit::set(mode.span, "NONE").of("captureMode")));
    }
    if !sockets.insert(listener.bind.text()) {
        let message = "an earlier listener binds to the same socket";
        let span = listener.bind.place(listener.span);
        violations.error("SC-21", Mistake::DuplicateEntry, span, message).help("merge the two listeners");
    }
}

fn check_hosts(listener: &IstioEgressListener, own: &str, violations: &mut Violations<'_>) {
    if listener.hosts.is_empty() {
        let message = "the listener has no hosts";
        let help = "add `hosts`; `*/*` matches all hosts, `~/*` none";
        violations.error("SC-22", Mistake::MissingField, listener.span, message).help(help);
    }
    listener.hosts.iter().for_each(|host| scoped_host::check(host, HostList::Egress, violations));
    warn_about_overlap(&listener.hosts, own, violations);
}

fn warn_about_overlap(hosts: &[Spanned<String>], own: &str, violations: &mut Violations<'_>) {
    let mut by_namespace: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut everything = None;
    for host in hosts {
        let Some((namespace, name)) = host.split_once('/').filter(|(namespace, _)| !namespace.starts_with('~')) else {
            continue;
        };
        let names = by_namespace.entry(if namespace == "." { own } else { namespace }).or_default();
        let overlaps = if name == "*" { !names.is_empty() } else { names.contains(name) || names.contains("*") };
        if overlaps {
            let message = format!("host {} overlaps an earlier host of the listener", quoted(host));
            let help = "remove one of the two; `*` covers all hosts of a namespace";
            let help = Advice::new(help).option([Edit::remove(host.span)]);
            violations.warning("SC-23", Mistake::DuplicateEntry, host.span, message).help(help);
        }
        names.insert(name);
        if (namespace, name) == ("*", "*") {
            everything = Some(host.span);
        }
    }
    if let Some(span) = everything.filter(|_| by_namespace.len() > 1) {
        let message = "the other hosts of the listener have no effect, because `*/*` covers them";
        let help = "remove `*/*` to restrict the egress hosts, or remove the others";
        violations.warning("SC-24", Mistake::NoEffect, span, message).help(help);
    }
}
