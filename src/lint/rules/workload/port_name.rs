//! `port-name`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Spec;
use crate::model::field::TextField;
use crate::model::kubernetes;
use crate::source::Span;
use crate::world::{Discovery, Protocol, ProtocolClass, Service, ServicePort};

pub static RULE: Rule = rule! {
    name: "port-name",
    aliases: ["IST0118", "IST0150", "KIA0601", "KIA0602"],
    severity: Info,
    summary: "a port of a Service that does not declare what it speaks: proxies have to guess",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let services = context.world.services.iter().filter(|service| !is_of_istio(service));
    for service in services {
        let Spec::Service(spec) = &service.resource.spec else { continue };
        for port in &spec.ports {
            let Some(protocol) = ServicePort::of_kubernetes(port).map(|resolved| resolved.protocol) else { continue };
            match protocol {
                _ if service.discovery == Discovery::Alias => check_alias(port, protocol, diagnostics),
                Protocol::Auto => report(port, diagnostics),
                _ => {}
            }
        }
    }
}

/// Istio's own Services, and those of gateways that it runs, are not named by the user (istioctl passes them over too).
fn is_of_istio(service: &Service<'_>) -> bool {
    let labels = &service.resource.metadata.labels;
    let is = |key: &str, value: &str| labels.get(key).is_some_and(|it| it.as_str() == value);
    labels.get("istio").is_some() || is("release", "istio") || labels.get("gateway.istio.io/managed").is_some()
}

fn report(port: &kubernetes::ServicePort, diagnostics: &mut Diagnostics) {
    let number = port.port.as_ref().map_or(0, |number| number.value);
    if let Some(declared) = &port.app_protocol {
        let message = format!("Istio knows no appProtocol {}: what port {number} speaks is detected", declared.value);
        diagnostics
            .report_default(declared.span, message)
            .help("if the server speaks first, or speaks TLS of its own, write appProtocol: tcp")
            .aliases = &["IST0118", "KIA0602"];
        return;
    }
    let (span, message) = match &port.name {
        Some(name) if !name.is_empty() => {
            (name.span, format!("port name {} declares no protocol: what port {number} speaks is detected", name.value))
        }
        _ => (place_of(port), format!("port {number} has no name that declares its protocol: it is detected")),
    };
    diagnostics.report_default(span, message).help(advice(port)).aliases = &["IST0118", "KIA0601"];
}

/// Proxies know an ExternalName Service by its name only. It was different, with harm, before Istio 1.21.
fn check_alias(port: &kubernetes::ServicePort, protocol: Protocol, diagnostics: &mut Diagnostics) {
    if !matches!(protocol.class(), ProtocolClass::Auto | ProtocolClass::Tcp) {
        return;
    }
    let number = port.port.as_ref().map_or(0, |number| number.value);
    let span = port.name.filled().map_or(place_of(port), |name| name.span);
    let message = format!(
        "as TCP, port {number} of an ExternalName Service takes every connection to that port before Istio 1.21"
    );
    diagnostics
        .report_default(span, message)
        .help("name it after HTTP or TLS, such as https or tls-…, or leave the ports out: today's Istio does not use them")
        .aliases = &["IST0150"];
}

fn place_of(port: &kubernetes::ServicePort) -> Span {
    port.port.as_ref().map_or(port.span, |number| number.span)
}

/// The words that declare a protocol; of those that begin alike the longest first.
const WORDS: [&str; 10] = ["grpc", "https", "http2", "http", "tls", "tcp", "mongo", "redis", "mysql", "udp"];

fn advice(port: &kubernetes::ServicePort) -> String {
    let name = port.name.text();
    let suggestion = WORDS.iter().find_map(|word| {
        let rest = name.strip_prefix(word).or_else(|| name.strip_suffix(word)?.strip_suffix('-'))?;
        Some(format!("{word}-{}", rest.trim_start_matches(['_', '.'])))
    });
    match (suggestion, name) {
        (Some(suggestion), _) => format!("name it {suggestion}, or set appProtocol"),
        (None, "") => "name it after what it speaks, such as http or tcp-…, or set appProtocol".to_owned(),
        (None, name) => format!("if it speaks HTTP name it http-{name}, or set appProtocol: http"),
    }
}
