//! `tcp-without-addresses`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule, Severity};
use crate::model::networking::{Resolution, ServiceEntry, ServicePort};
use crate::model::{Resource, Spec};
use crate::validate::Family;
use crate::world::Protocol;

pub static RULE: Rule = rule! {
    name: "tcp-without-addresses",
    aliases: ["IST0133", "IST0134"],
    severity: Warning,
    summary: "a TCP port of a ServiceEntry without addresses: its connections cannot be told from those to other hosts",
    check: check,
};

/// The usual ports of protocols whose connections name their host, so that they need not be declared TCP.
const TLS_PORTS: [u32; 2] = [443, 8443];

fn check(context: &Context<'_>, findings: &mut Findings) {
    let warned: Vec<_> = context.violations(Family::TcpWithoutAddresses).map(|it| it.span).collect();
    for resource in &context.snapshot.resources {
        let Spec::ServiceEntry(entry) = &resource.spec else { continue };
        if !entry.addresses.is_empty() || (context.world.settings.captures_dns && gets_addresses(resource, entry)) {
            continue;
        }
        for port in entry.ports.iter().filter(|port| is_of_tcp(port)) {
            let span = port.protocol.as_ref().map_or(port.span, |protocol| protocol.span);
            report(entry, port, warned.contains(&span), findings);
        }
    }
}

fn report(entry: &ServiceEntry, port: &ServicePort, is_warned: bool, findings: &mut Findings) {
    let Some(number) = port.number.map(|number| number.value) else { return };
    let span = port.protocol.as_ref().map_or(port.span, |protocol| protocol.span);
    let is_tls = TLS_PORTS.contains(&number);
    let consequence = match resolution(entry) {
        Resolution::None => "so this takes all connections to it, whatever host they are for",
        _ => "so either all of its connections go to this host, or none is known to",
    };
    let diagnostic = findings.report(span, format!("connections to TCP port {number} do not name their host, {consequence}"));
    diagnostic.aliases = if is_warned { &["IST0133", "IST0134"] } else { &["IST0134"] };
    // A database with a port of its own is reached either way.
    if !is_tls && !is_warned {
        diagnostic.severity(Severity::Info);
    }
    diagnostic.help(if is_tls {
        "write protocol: TLS, which is told by the server name, or add addresses"
    } else {
        "add addresses, or let proxies answer DNS (ISTIO_META_DNS_CAPTURE) so that istiod can give it one"
    });
}

fn resolution(entry: &ServiceEntry) -> Resolution {
    entry.resolution.map_or(Resolution::None, |resolution| resolution.value)
}

/// Whether istiod takes the port for TCP without knowing more.
fn is_of_tcp(port: &ServicePort) -> bool {
    let word = port.protocol.as_ref().map_or("", |protocol| protocol.as_str());
    word.is_empty() || Protocol::parse(word) == Protocol::Tcp
}

/// Whether istiod gives the hosts addresses (istiod: `ShouldV2AutoAllocateIP`). They are of use only where proxies
/// answer the DNS queries of clients.
fn gets_addresses(resource: &Resource, entry: &ServiceEntry) -> bool {
    const ALLOCATE: &str = "networking.istio.io/enable-autoallocate-ip";
    let label = resource.metadata.labels.get(ALLOCATE);
    resolution(entry) != Resolution::None && label.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
}
