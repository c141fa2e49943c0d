//! `plaintext-on-tls-port`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::ServiceEntry;
use crate::source::Span;
use crate::world::{Protocol, ProtocolClass, World};

pub static RULE: Rule = rule! {
    name: "plaintext-on-tls-port",
    summary: "a ServiceEntry declares port 443 as plaintext HTTP, or port 80 as TLS, so sidecars expect the wrong one",
    findings: [&PLAINTEXT, &ORIGINATED, &TLS],
    check: check,
};

static PLAINTEXT: Finding = finding! {
    "plaintext", Lost, Certain, [],
    "port 443 of an external host has an HTTP protocol",
};

static ORIGINATED: Finding = finding! {
    "originated", Lost, Likely, [],
    "port 443 of an external host has an HTTP protocol, and sidecars originate TLS, so only `http://` works on it",
};
static TLS: Finding = finding! {
    "tls-on-plaintext-port", Lost, Likely, [],
    "port 80 of an external host is HTTPS or TLS, so sidecars do not route plaintext requests to it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for (service, entry) in world.services.entries().filter(|(service, _)| service.is_mesh_external()) {
        for port in &entry.ports {
            let Some(protocol) = &port.protocol else { continue };
            if Protocol::parse(protocol).class() == ProtocolClass::Tls
                && port.number.is_some_and(|number| number.value == 80)
                && !is_routed(world, entry)
            {
                let name = Protocol::parse(protocol);
                let message = format!(
                    "port 80 has protocol `{name}`, so plaintext requests bypass the ServiceEntry and its policies"
                );
                diagnostics
                    .report(&TLS, protocol.span, message)
                    .help("set the `protocol` to `HTTP`, or the number to 443 if clients use TLS");
            }
            let is_http = Protocol::parse(protocol).class() == ProtocolClass::Http;
            if is_http && port.number.is_some_and(|number| number.value == 443) {
                let host = &service.hostname;
                let originating = world
                    .destination_rules
                    .iter()
                    .find_map(|it| (it.host.as_str() == host).then(|| it.tls_of_port(443)).flatten());
                let diagnostic = diagnostics.report(
                    if originating.is_some() { &ORIGINATED } else { &PLAINTEXT },
                    protocol.span,
                    format!(
                        "port 443 has protocol `{}`, so sidecars reject clients that use TLS on it",
                        Protocol::parse(protocol)
                    ),
                );
                match originating {
                    Some(tls) => diagnostic
                        .related(tls.span, "the sidecar originates TLS here")
                        .help("declare port 80 with `targetPort: 443`, and let clients use `http://` without a port"),
                    None => {
                        let [https, tls] = ["HTTPS", "TLS"].map(|word| Edit::set(protocol.span, word));
                        let help = Advice::new(format!("use protocol {https} or {tls}"));
                        diagnostic.help(help.option([https]).option([tls]))
                    }
                };
                // The protocol also excludes `tls` routes, which is the same mistake.
                diagnostic.cause(plaintext_at(port.number.map_or(port.span, |number| number.span)));
            }
        }
    }
}

/// The cause of findings about a port 443 that is declared as plaintext.
pub(in crate::lint::rules) fn plaintext_at(port: Span) -> String {
    format!("plaintext port {port:?}")
}

/// Whether some VirtualService has `http` routes for a host. Another rule reports that they never apply.
fn is_routed(world: &World<'_>, entry: &ServiceEntry) -> bool {
    let routing = world.virtual_services.iter().filter(|it| !it.spec.http.is_empty());
    routing.flat_map(|it| &it.hosts).any(|host| entry.hosts.iter().any(|own| own.value == host.value))
}
