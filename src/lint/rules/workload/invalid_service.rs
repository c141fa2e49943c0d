//! `invalid-service`

use std::collections::BTreeMap;

use super::port_name::{declaring_name, valid_name};
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::field::{PlacedField, TextField};
use crate::model::kubernetes::{ServicePort, TargetPort};
use crate::source::{Span, Spanned};
use crate::validate::syntax;

pub static RULE: Rule = rule! {
    name: "invalid-service",
    summary: "the API server rejects a Service because of the name, number or protocol of a port",
    findings: [
        &MISSING_NUMBER, &OUT_OF_RANGE, &UNNAMED, &PORT_NAME, &DUPLICATE_NAME, &DUPLICATE_NUMBER, &PROTOCOL,
        &TARGET_PORT,
    ],
    check: check,
};

static MISSING_NUMBER: Finding = finding! {
    "missing-number", Refused, Certain, [],
    "a port has no number",
};
static OUT_OF_RANGE: Finding = finding! {
    "out-of-range", Refused, Certain, [],
    "a port number is not between 1 and 65535",
};
static UNNAMED: Finding = finding! {
    "unnamed", Refused, Certain, [],
    "one of several ports has no name",
};
static PORT_NAME: Finding = finding! {
    "port-name", Refused, Certain, [],
    "the name of a port is not valid",
};
static DUPLICATE_NAME: Finding = finding! {
    "duplicate-name", Refused, Certain, [],
    "two ports have the same name",
};
static DUPLICATE_NUMBER: Finding = finding! {
    "duplicate-number", Refused, Certain, [],
    "two ports have the same number and protocol",
};
static PROTOCOL: Finding = finding! {
    "protocol", Refused, Certain, [],
    "`protocol` is not TCP, UDP or SCTP",
};
static TARGET_PORT: Finding = finding! {
    "target-port", Refused, Certain, [],
    "`targetPort` is neither a number nor a valid name of a container port",
};

/// The transport protocols of Services (Kubernetes: `supportedPortProtocols`).
const TRANSPORTS: [&str; 3] = ["TCP", "UDP", "SCTP"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
        let Spec::Service(service) = &resource.spec else { continue };
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        let mut numbers: BTreeMap<(u32, &str), Span> = BTreeMap::new();
        for port in &service.ports {
            check_port(port, service.ports.len() > 1, diagnostics);
            if let Some(name) = port.name.filled()
                && let Some(first) = earlier(&mut names, name.as_str(), name.span)
            {
                diagnostics
                    .report(&DUPLICATE_NAME, name.span, format!("two ports of the Service have the name `{name}`"))
                    .related(first, "the first port of this name")
                    .help("rename one of the ports");
            }
            if let Some(number) = &port.port
                && let Some(first) = earlier(&mut numbers, (number.value, port.transport()), number.span)
            {
                let message = format!("two ports of the Service are {}/{}", number.value, port.transport());
                diagnostics
                    .report(&DUPLICATE_NUMBER, number.span, message)
                    .related(first, "the first port of this number")
                    .help("remove one of the ports, or change its number");
            }
        }
    }
}

/// The place of an earlier equal key, if there is one; otherwise notes this one.
fn earlier<K: Ord>(seen: &mut BTreeMap<K, Span>, key: K, span: Span) -> Option<Span> {
    let first = seen.get(&key).copied();
    if first.is_none() {
        seen.insert(key, span);
    }
    first
}

/// The checks of a single port (Kubernetes: `validateServicePort`).
fn check_port(port: &ServicePort, has_others: bool, diagnostics: &mut Diagnostics) {
    let place = port.port.place(port.span);
    match port.name.filled() {
        None if has_others => {
            diagnostics
                .report(&UNNAMED, place, "a Service with several ports needs a `name` for each of them")
                .help("add a `name` that declares the protocol, such as `http`");
        }
        Some(name) if !is_label(name) => check_name(name, diagnostics),
        _ => {}
    }
    match &port.port {
        None => {
            diagnostics
                .report(&MISSING_NUMBER, port.span, "a port of the Service has no number")
                .help("add `port`, the number that clients connect to");
        }
        Some(number) if !syntax::is_port(number.value) => report_range(number.value, number.span, diagnostics),
        _ => {}
    }
    if let Some(protocol) = port.protocol.as_ref().filter(|_| !TRANSPORTS.contains(&port.transport())) {
        let upper = protocol.to_ascii_uppercase();
        let help = match TRANSPORTS.contains(&upper.as_str()) {
            true => Advice::write(Edit::set(protocol.span, upper)),
            false => {
                let removal = Edit::remove(protocol.span).of("protocol");
                let addition = Edit::add(port.span, ["appProtocol"], protocol.to_ascii_lowercase());
                Advice::new(format!("remove {removal}, and set {addition}")).fix([removal, addition])
            }
        };
        let message = format!("`{protocol}` is not one of the transport protocols TCP, UDP and SCTP");
        diagnostics.report(&PROTOCOL, protocol.span, message).help(help);
    }
    if let Some(target) = &port.target_port {
        check_target(target, diagnostics);
    }
}

fn report_range(number: u32, span: Span, diagnostics: &mut Diagnostics) {
    diagnostics
        .report(&OUT_OF_RANGE, span, format!("{number} is not a valid port number"))
        .help("write a number from 1 to 65535");
}

fn check_name(name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let message =
        format!("`{name}` is not a valid port name: it needs up to 63 lower-case letters, digits and inner dashes");
    let suggestion = declaring_name(name).unwrap_or_else(|| valid_name(name));
    let diagnostic = diagnostics.report(&PORT_NAME, name.span, message);
    if is_label(&suggestion) {
        diagnostic.write(suggestion);
    }
}

fn check_target(target: &Spanned<TargetPort>, diagnostics: &mut Diagnostics) {
    match &target.value {
        TargetPort::Number(number) if *number > 65535 => report_range(*number, target.span, diagnostics),
        TargetPort::Name(name) if name.parse::<u32>().is_ok() => {
            let message = format!("`{name}` is in quotes, so it is the name of a container port, which needs a letter");
            let number = name.parse().unwrap_or(0_u32);
            let help = Advice::new("remove the quotes").fix([Edit::set(target.span, number).unshown()]);
            diagnostics.report(&TARGET_PORT, target.span, message).help(help);
        }
        TargetPort::Name(name) if !is_port_name(name) => {
            let message = format!(
                "`{name}` is not a valid name of a container port: it needs up to 15 lower-case letters, digits and \
                 single inner dashes, and at least one letter"
            );
            diagnostics
                .report(&TARGET_PORT, target.span, message)
                .help("write the name or the number of a container port");
        }
        _ => {}
    }
}

/// Whether a text is a DNS label in lower case.
fn is_label(text: &str) -> bool {
    syntax::is_label(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a text can be the name of a container port (Kubernetes: `IsValidPortName`).
fn is_port_name(text: &str) -> bool {
    let has_letter = text.bytes().any(|byte| byte.is_ascii_lowercase());
    text.len() <= 15 && is_label(text) && has_letter && !text.contains("--")
}
