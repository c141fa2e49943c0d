//! The ways to give a server the TLS that it expects.

use super::missing_tls_origination::Plaintext;
use super::tls_server::TlsServer;
use crate::world::{DestinationRule, MtlsMode, ServicePort, World};

/// The DestinationRule that the clients use for the service.
pub(super) fn applying<'w, 'a>(world: &'w World<'a>, sent: &Plaintext<'_, '_>) -> Option<&'w DestinationRule<'a>> {
    let Plaintext { client, service, .. } = sent;
    let destination_rules = &world.destination_rules;
    let merged = destination_rules.applying(&client.namespace, &service.namespace, &service.hostname, client.labels)?;
    destination_rules.parts(merged).next()
}

/// The advice for plaintext that reaches a server which expects TLS.
pub(super) fn advice(world: &World<'_>, sent: &Plaintext<'_, '_>) -> String {
    let Plaintext { root, bound, service, port, .. } = sent;
    let number = port.number;
    if sent.is_gateway {
        return format!(
            "originate TLS in a DestinationRule for `{}`, or use a port of the gateway that expects plaintext",
            service.hostname
        );
    }
    let is_kubernetes = service.is_kubernetes();
    let plaintext = match (is_kubernetes, sent.server) {
        (false, TlsServer::Declared) if number != 443 => {
            Some("set the `protocol` of the port to `HTTP` if the server speaks plaintext".to_owned())
        }
        (false, _) => None,
        (true, TlsServer::Declared) if !port.name.is_empty() && !is_named_after_tls(port) => {
            Some("set `appProtocol: http` if the server speaks plaintext".to_owned())
        }
        (true, _) => Some(format!("name the port `http-{number}` if the server speaks plaintext")),
    };
    let is_own = bound.gateway.is_none() && root.hosts.iter().any(|host| host.value == service.hostname);
    let other = match is_own {
        true => Some("write `tls` routes if clients use `https://`".to_owned()),
        false => plaintext,
    };
    if requires_mutual_tls(world, sent) {
        let instead = "let clients use TLS as far as the server, with `tls` routes".to_owned();
        return other.map_or(instead.clone(), |other| format!("{other}, or {instead}"));
    }
    let mode = match is_kubernetes {
        true => "`tls.mode: SIMPLE` and `caCertificates`, the file of the server's CA,",
        false => "`tls.mode: SIMPLE`",
    };
    let place = match service.ports.len() {
        1 => "`trafficPolicy`".to_owned(),
        _ => format!("`portLevelSettings` for port {number}"),
    };
    let origination = match applying(world, sent) {
        Some(known) => format!("set {mode} in {place} of DestinationRule `{}`", known.name),
        None => format!("add a DestinationRule for `{}` that sets {mode} in {place}", service.hostname),
    };
    other.map_or(origination.clone(), |other| format!("{origination}, or {other}"))
}

/// Whether the port has its protocol from its name.
fn is_named_after_tls(port: &ServicePort) -> bool {
    ["https", "tls"].iter().any(|word| port.name.to_ascii_lowercase().starts_with(word))
}

/// Whether the workloads behind the port accept no other TLS than that of the mesh.
fn requires_mutual_tls(world: &World<'_>, sent: &Plaintext<'_, '_>) -> bool {
    let workloads = world.workloads_of_service(sent.service).unwrap_or_default();
    workloads.iter().any(|workload| {
        let number = workload.port_behind(sent.port).unwrap_or(sent.port.number);
        workload.has_sidecar
            && world.policies.mtls(&workload.name.namespace, &workload.labels, number).mode == MtlsMode::Strict
    })
}
