//! `plaintext-on-tls-port`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::world::{Protocol, ProtocolClass};

pub static RULE: Rule = rule! {
    name: "plaintext-on-tls-port",
    summary: "a ServiceEntry declares port 443 as plaintext HTTP, so clients that use TLS fail",
    findings: [&PLAINTEXT],
    check: check,
};

static PLAINTEXT: Finding = finding! {
    "plaintext", Lost, Certain, [],
    "port 443 of an external host has an HTTP protocol",
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
                    .find_map(|it| (it.host.as_str() == host).then(|| it.tls_of_port(443)).flatten());
                let diagnostic = diagnostics.report(
                    &PLAINTEXT,
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
            }
        }
    }
}
