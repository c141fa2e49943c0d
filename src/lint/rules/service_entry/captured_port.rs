//! `captured-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::field::TextField;
use crate::model::networking::{Resolution, ServiceEntryPort};
use crate::world::{Protocol, ProtocolClass};

pub static RULE: Rule = rule! {
    name: "captured-port",
    aliases: ["IST0134"],
    severity: Warning,
    summary: "a TCP port of a ServiceEntry without addresses: it takes the connections for all other hosts as well",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if world.settings.dns_capture {
        return;
    }
    for (service, entry) in world.services.entries() {
        // With resolution NONE connections go on to where they were meant for.
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
    let what = match protocol.class() {
        ProtocolClass::Tcp => "all connections to it",
        ProtocolClass::Auto => "all connections to it that are not HTTP",
        ProtocolClass::Http | ProtocolClass::Tls | ProtocolClass::Udp => return,
    };
    let number = number.value;
    let diagnostic = diagnostics.report_default(
        written.map_or(port.span, |written| written.span),
        format!("without addresses port {number} takes {what}, and leads them to {host}"),
    );
    diagnostic.help(match number {
        443 => "write protocol TLS or HTTPS, by which hosts are told apart, or give the host addresses",
        _ => "give the host addresses, or write protocol TLS or HTTP if that is what is spoken",
    });
    // Everything outside is dialled on these.
    if matches!(number, 80 | 443) {
        diagnostic.severity(Severity::Error);
    }
}
