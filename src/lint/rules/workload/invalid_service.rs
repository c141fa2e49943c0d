//! `invalid-service`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Spec;
use crate::model::field::TextField;
use crate::model::kubernetes::{ServicePort, TargetPort};
use crate::source::{Span, Spanned};
use crate::validate::syntax;

pub static RULE: Rule = rule! {
    name: "invalid-service",
    aliases: [],
    severity: Error,
    summary: "ports of a Service that the API server refuses: names, numbers and protocols",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in &context.snapshot.resources {
        let Spec::Service(service) = &resource.spec else { continue };
        let mut names = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        for port in &service.ports {
            check_port(port, service.ports.len() > 1, diagnostics);
            if let Some(name) = port.name.filled() {
                let message = format!("two ports are named {}", name.value);
                report_second(&mut names, name.as_str(), name.span, message, diagnostics);
            }
            if let Some(number) = &port.port {
                let message = format!("two ports are {}/{}", number.value, port.transport());
                report_second(&mut numbers, (number.value, port.transport()), number.span, message, diagnostics);
            }
        }
    }
}

fn report_second<K: Ord>(
    seen: &mut BTreeMap<K, Span>,
    key: K,
    span: Span,
    message: String,
    diagnostics: &mut Diagnostics,
) {
    if let Some(first) = seen.get(&key) {
        diagnostics.report_default(span, message).related(*first, "the first one");
    } else {
        seen.insert(key, span);
    }
}

/// What holds for each port by itself (Kubernetes: `validateServicePort`).
fn check_port(port: &ServicePort, has_others: bool, diagnostics: &mut Diagnostics) {
    let place = port.port.as_ref().map_or(port.span, |number| number.span);
    match port.name.filled() {
        None if has_others => {
            diagnostics
                .report_default(place, "each of several ports needs a name")
                .help("name it after what it speaks, such as http");
        }
        Some(name) if !is_label(name) => check_name(name, diagnostics),
        _ => {}
    }
    match &port.port {
        None => {
            diagnostics
                .report_default(port.span, "a port without a number")
                .help("add port: the number that clients use");
        }
        Some(number) if !syntax::is_port(number.value) => {
            diagnostics
                .report_default(number.span, format!("{} is no port", number.value))
                .help("ports are from 1 to 65535");
        }
        _ => {}
    }
    if let Some(protocol) = port.protocol.as_ref().filter(|_| !["TCP", "UDP", "SCTP"].contains(&port.transport())) {
        let upper = protocol.to_ascii_uppercase();
        let help = match ["TCP", "UDP", "SCTP"].contains(&upper.as_str()) {
            true => format!("write {upper}"),
            false => format!("leave it out, and set appProtocol: {}", protocol.to_ascii_lowercase()),
        };
        let message = format!("{} is no protocol of a Service: it is TCP, UDP or SCTP", protocol.value);
        diagnostics.report_default(protocol.span, message).help(help);
    }
    if let Some(target) = &port.target_port {
        check_target(target, diagnostics);
    }
}

fn check_name(name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let message = format!("{} is no name of a port: it takes up to 63 of a-z, 0-9 and dashes between", name.value);
    let suggestion = name.to_ascii_lowercase().replace(['_', '.', ' '], "-");
    let diagnostic = diagnostics.report_default(name.span, message);
    if is_label(&suggestion) {
        diagnostic.help(format!("write {suggestion}"));
    }
}

fn check_target(target: &Spanned<TargetPort>, diagnostics: &mut Diagnostics) {
    match &target.value {
        TargetPort::Number(number) if *number > 65535 => {
            diagnostics.report_default(target.span, format!("{number} is no port")).help("ports are from 1 to 65535");
        }
        TargetPort::Name(name) if name.parse::<u32>().is_ok() => {
            diagnostics
                .report_default(target.span, format!("{name:?} is a name, and no port is named so"))
                .help("write the number without quotes");
        }
        TargetPort::Name(name) if !is_port_name(name) => {
            let message =
                format!("{name} names no port: it takes up to 15 of a-z, 0-9 and dashes between, and a letter");
            diagnostics.report_default(target.span, message);
        }
        _ => {}
    }
}

/// A DNS label in lower case.
fn is_label(text: &str) -> bool {
    syntax::is_label(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// A name of a container's port (Kubernetes: `IsValidPortName`).
fn is_port_name(text: &str) -> bool {
    let letters: BTreeSet<u8> = text.bytes().filter(u8::is_ascii_lowercase).collect();
    text.len() <= 15 && is_label(text) && !letters.is_empty() && !text.contains("--")
}
