//! `port-name`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::field::{NumberField, PlacedField, TextField};
use crate::model::kubernetes;
use crate::world::{Discovery, Protocol, ProtocolClass, Service, ServicePort};

pub static RULE: Rule = rule! {
    name: "port-name",
    summary: "a port of a Service does not declare its protocol, so proxies have to detect it",
    findings: [&UNDECLARED, &UNKNOWN_APP_PROTOCOL, &EXTERNAL_NAME],
    check: check,
};

static UNDECLARED: Finding = finding! {
    "undeclared", Surprising, Likely, ["IST0118", "KIA0601"],
    "the name of the port declares no protocol, and there is no `appProtocol`",
};
static UNKNOWN_APP_PROTOCOL: Finding = finding! {
    "unknown-app-protocol", Surprising, Likely, ["IST0118", "KIA0602"],
    "Istio does not know the `appProtocol`",
};
static EXTERNAL_NAME: Finding = finding! {
    "external-name", Surprising, Likely, ["IST0150"],
    "a port of an ExternalName Service declares TCP or no protocol",
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

/// Whether a Service belongs to Istio or to a gateway that istiod manages: its port names are not the user's choice.
/// istioctl skips them too.
fn is_of_istio(service: &Service<'_>) -> bool {
    let labels = &service.resource.metadata.labels;
    let is = |key: &str, value: &str| labels.get(key).is_some_and(|it| it.as_str() == value);
    labels.get("istio").is_some() || is("release", "istio") || labels.get("gateway.istio.io/managed").is_some()
}

fn report(port: &kubernetes::ServicePort, diagnostics: &mut Diagnostics) {
    let number = port.port.number();
    if let Some(declared) = &port.app_protocol {
        let message =
            format!("Istio does not know `appProtocol: {declared}`, so proxies detect the protocol of port {number}");
        diagnostics.report(&UNKNOWN_APP_PROTOCOL, declared.span, message).help(match is_h2c(&declared.value) {
            true => Advice::write(Edit::set(declared.span, "kubernetes.io/h2c")),
            false => {
                "write a protocol that Istio knows, such as `http` or `grpc`, or `tcp` if the server sends first".into()
            }
        });
        return;
    }
    let (span, message) = match port.name.filled() {
        Some(name) => (
            name.span,
            format!("port name `{name}` declares no protocol, so proxies detect the protocol of port {number}"),
        ),
        None => (port.port.place(port.span), format!("port {number} declares no protocol, so proxies detect it")),
    };
    diagnostics.report(&UNDECLARED, span, message).help(advice(port));
}

/// Proxies know an ExternalName Service by its name only. Before Istio 1.21 they listened on its TCP ports.
fn check_alias(port: &kubernetes::ServicePort, protocol: Protocol, diagnostics: &mut Diagnostics) {
    if !matches!(protocol.class(), ProtocolClass::Auto | ProtocolClass::Tcp) {
        return;
    }
    let number = port.port.number();
    let span = port.name.filled().map_or_else(|| port.port.place(port.span), |name| name.span);
    let message = format!(
        "before Istio 1.21, TCP port {number} of an ExternalName Service captures connections to this port of any host"
    );
    diagnostics
        .report(&EXTERNAL_NAME, span, message)
        .help("name the port after HTTP or TLS, such as `https`, or remove `ports`, which newer releases ignore");
}

/// The words that declare a protocol, a longer one before its own prefix.
const WORDS: [&str; 10] = ["grpc", "https", "http2", "http", "tls", "tcp", "mongo", "redis", "mysql", "udp"];

/// A valid name that is similar to a name of a port, and declares the protocol that this name contains.
pub(super) fn declaring_name(name: &str) -> Option<String> {
    let name = valid_name(name);
    let name = if is_h2c(&name) { name.replacen("h2c", "http2", 1) } else { name };
    WORDS.iter().find_map(|word| {
        let rest = name.strip_prefix(word).or_else(|| name.strip_suffix(word)?.strip_suffix('-'))?;
        let rest = rest.trim_matches('-');
        Some(if rest.is_empty() { (*word).to_owned() } else { format!("{word}-{rest}") })
    })
}

/// Whether a name or an `appProtocol` means HTTP/2 without TLS. Taken for HTTP/1.1, it would lose gRPC.
fn is_h2c(name: &str) -> bool {
    name.eq_ignore_ascii_case("h2c") || name.starts_with("h2c-") || name.ends_with("-h2c")
}

/// The name in lower case, with dashes in place of characters that are often written instead of dashes.
pub(super) fn valid_name(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.', ' '], "-").trim_matches('-').to_owned()
}

fn advice(port: &kubernetes::ServicePort) -> String {
    let name = port.name.text();
    match (declaring_name(name), valid_name(name).as_str()) {
        (Some(suggestion), _) => format!("name the port `{suggestion}`, or set `appProtocol`"),
        (None, "") => "name the port after its protocol, such as `http` or `tcp-db`, or set `appProtocol`".to_owned(),
        (None, name) => format!("name the port `http-{name}`, or set `appProtocol: http`, if it serves HTTP"),
    }
}
