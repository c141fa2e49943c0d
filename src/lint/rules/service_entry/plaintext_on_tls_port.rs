//! `plaintext-on-tls-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::world::{Protocol, ProtocolClass};

pub static RULE: Rule = rule! {
    name: "plaintext-on-tls-port",
    aliases: [],
    severity: Error,
    summary: "port 443 of a ServiceEntry declared as plaintext HTTP: clients that open TLS on it fail, whatever the host",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for (service, entry) in world.services.entries().filter(|(service, _)| service.is_mesh_external()) {
        for port in &entry.ports {
            let Some(protocol) = &port.protocol else { continue };
            let is_http = Protocol::parse(protocol).class() == ProtocolClass::Http;
            if is_http && port.number.is_some_and(|number| number.value == 443) {
                let host = &service.hostname;
                let originating = world
                    .destination_rules
                    .iter()
                    .find_map(|rule| (rule.host.as_str() == host).then(|| rule.tls_of_port(443)).flatten());
                let diagnostic = diagnostics.report_default(
                    protocol.span,
                    format!(
                        "port 443 is {} here: sidecars refuse clients that open TLS on it",
                        Protocol::parse(protocol)
                    ),
                );
                match originating {
                    Some(tls) => diagnostic
                        .related(tls.span, "TLS begins here, at the sidecar")
                        .help("declare port 80 with targetPort 443, so that clients open http:// without a port"),
                    None => diagnostic.help("write protocol HTTPS, or TLS"),
                };
            }
        }
    }
}
