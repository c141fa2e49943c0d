//! Hints on a request that asks the proxy of a server itself.

use crate::simulate::answer::{Answer, Outcome, Refusal};
use crate::simulate::question::{Question, ReceivingProxy};
use crate::simulate::request::Tls;

/// The advice for a request that probably means mutual TLS, or the port behind that of a Service.
pub(super) fn hints(question: &Question<'_, '_>, answer: &Answer) -> Vec<String> {
    let ReceivingProxy::Server(server, _) = &question.proxy else { return Vec::new() };
    let mut hints = Vec::new();
    if answer.refusal == Some(Refusal::RequiresMutualTls) && question.tls == Tls::Plaintext {
        hints.push("sidecars send mutual TLS to this workload: add `--mtls` for a client that has one".to_owned());
    }
    if answer.outcome == Outcome::Passthrough {
        let behind =
            server.ports.values().find(|port| port.service_port == question.port && port.number != question.port);
        hints.extend(behind.map(|port| {
            format!(
                "port {} of the Service leads to port {} of the workload: write `--port {}`",
                question.port, port.number, port.number
            )
        }));
    }
    hints
}
