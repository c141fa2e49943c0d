//! `captured-port`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::{Resolution, ServiceEntryPort};
use crate::world::{Protocol, ProtocolClass};

pub static RULE: Rule = rule! {
    name: "captured-port",
    summary: "a TCP port of a ServiceEntry without addresses captures connections to all other hosts",
    findings: [&WEB_PORT, &OTHER_PORT, &NO_PROTOCOL],
    check: check,
};

static WEB_PORT: Finding = finding! {
    "web-port", Lost, Certain, ["IST0134"],
    "the port is 80 or 443, so connections to many other hosts are captured",
};
static OTHER_PORT: Finding = finding! {
    "other-port", Lost, Likely, ["IST0134"],
    "the port is another one, so connections to other hosts are captured if there are any",
};
// Envoy detects HTTP, which tells hosts apart, so only other protocols suffer.
static NO_PROTOCOL: Finding = finding! {
    "no-protocol", Lost, Likely, ["IST0134"],
    "the port has no protocol, so connections to other hosts that are not HTTP are captured",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if world.settings.dns_capture {
        return;
    }
    for (service, entry) in world.services.entries() {
        // With resolution NONE, Envoy forwards connections to their original destination.
        let resolution = entry.resolution.map_or(Resolution::None, |resolution| resolution.value);
        if service.addresses.is_empty() && resolution != Resolution::None {
            entry.ports.iter().for_each(|port| check_port(port, &service.hostname, diagnostics));
        }
    }
}

fn check_port(port: &ServiceEntryPort, host: &str, diagnostics: &mut Diagnostics) {
    let Some(number) = port.number else { return };
    let written = port.protocol.filled();
    let protocol = Protocol::parse(port.protocol.text());
    let connections = match protocol.class() {
        ProtocolClass::Tcp => "all connections",
        ProtocolClass::Auto => "all non-HTTP connections",
        ProtocolClass::Http | ProtocolClass::Tls | ProtocolClass::Udp => return,
    };
    let number = number.value;
    let Some(written) = written else {
        let guess = if number == 443 { "TLS" } else { "HTTP" };
        let help = format!("add `protocol: {guess}`, or the protocol that the clients speak");
        let message = format!("`protocol` is missing, so sidecars send {connections} on port {number} to `{host}`");
        diagnostics.report(&NO_PROTOCOL, port.span, message).help(help);
        return;
    };
    let finding = if matches!(number, 80 | 443) { &WEB_PORT } else { &OTHER_PORT };
    diagnostics
        .report(
            finding,
            written.span,
            format!("without `addresses`, sidecars send {connections} on port {number} to `{host}`"),
        )
        .help(match number {
            443 => "use protocol `TLS` or `HTTPS`, which tell hosts apart, or set `addresses`",
            _ => "set `addresses`, or use protocol `TLS` or `HTTP` if clients speak it",
        });
}
