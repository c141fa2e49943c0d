//! `plaintext-https-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::Spec;
use crate::world::{Protocol, ProtocolClass};

pub static RULE: Rule = rule! {
    name: "plaintext-https-port",
    aliases: [],
    severity: Error,
    summary: "port 443 of a ServiceEntry declared as plaintext HTTP: every client that speaks TLS to that port fails",
    check: check,
};

const HTTPS: u32 = 443;

fn check(context: &Context<'_>, findings: &mut Findings) {
    for resource in &context.snapshot.resources {
        let Spec::ServiceEntry(entry) = &resource.spec else { continue };
        for port in entry.ports.iter().filter(|port| port.number.is_some_and(|number| number.value == HTTPS)) {
            let Some(word) = &port.protocol else { continue };
            if Protocol::parse(word).class() != ProtocolClass::Http {
                continue;
            }
            findings
                .report(word.span, format!("port 443 is declared {}: clients that speak TLS to it are cut off", word.value))
                .help("write protocol: TLS; for clients that speak plaintext use port 80 with targetPort: 443");
        }
    }
}
