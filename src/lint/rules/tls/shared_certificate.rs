//! `shared-certificate`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Kind;
use crate::model::networking::{Server, ServerTlsMode};
use crate::source::Span;
use crate::world::{Gateway, GatewayGroups, Protocol};

pub static RULE: Rule = rule! {
    name: "shared-certificate",
    aliases: ["IST0138"],
    severity: Warning,
    summary: "HTTPS servers of different hosts with one certificate: browsers reuse a connection and get 404",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let of_gateway_api = world.derived.gateways.iter().filter(|gateway| gateway.is_of_gateway_api());
    let gateways: Vec<&Gateway<'_>> = world.gateways.iter().chain(of_gateway_api).collect();
    let groups = GatewayGroups::new(world, &gateways);
    let mut by_certificate: BTreeMap<(u32, String), Vec<Use<'_>>> = BTreeMap::new();
    for (index, gateway) in gateways.iter().enumerate() {
        for server in &gateway.spec.servers {
            let port = server.port.as_ref().and_then(|port| port.number).map_or(0, |number| number.value);
            if let Some((certificate, span)) = certificate(gateway, server) {
                by_certificate.entry((port, certificate)).or_default().push(Use { index, gateway, server, span });
            }
        }
    }
    for ((port, _), uses) in &mut by_certificate {
        // Listeners are known by name; in one resource the order is that of the text.
        let first = |it: &Use<'_>| gateways.iter().position(|other| other.resource.span == it.gateway.resource.span);
        uses.sort_by_cached_key(|it| (first(it), it.span.start));
        // One finding for each resource: whoever shares with one server shares with all.
        let mut reported = BTreeSet::new();
        for (index, later) in uses.iter().enumerate() {
            let shares = |earlier: &&Use<'_>| groups.meet(earlier.index, later.index) && earlier.has_other_hosts(later);
            let Some(earlier) = uses[..index].iter().find(shares) else { continue };
            if !reported.insert(later.gateway.resource.span) {
                continue;
            }
            let hosts = |it: &Use<'_>| it.hosts().into_iter().collect::<Vec<_>>().join(", ");
            diagnostics
                .report_default(
                    later.span,
                    format!(
                        "{} and {} have one certificate on port {port}, but separate routes",
                        hosts(earlier),
                        hosts(later)
                    ),
                )
                .related(earlier.span, format!("the certificate is used for {} here", hosts(earlier)))
                .help("serve all hosts of the certificate in one server, or give each its own certificate");
            if reported.insert(earlier.gateway.resource.span) {
                diagnostics
                    .report_default(earlier.span, format!("the certificate is used for {} as well", hosts(later)))
                    .severity(Severity::Info)
                    .related(later.span, "here");
            }
        }
    }
}

/// A server that uses a certificate.
struct Use<'w> {
    /// The index of the Gateway.
    index: usize,
    gateway: &'w Gateway<'w>,
    server: &'w Server,
    /// Where the certificate is named; of the Gateway API the listener.
    span: Span,
}

impl Use<'_> {
    fn hosts(&self) -> BTreeSet<&str> {
        let hosts = self.server.hosts.iter();
        hosts.map(|host| host.split_once('/').map_or(host.as_str(), |(_, host)| host)).collect()
    }

    fn has_other_hosts(&self, other: &Self) -> bool {
        self.hosts() != other.hosts()
    }
}

/// The certificate of a server that ends TLS and speaks HTTP, and where it is named.
fn certificate(gateway: &Gateway<'_>, server: &Server) -> Option<(String, Span)> {
    let protocol = server.port.as_ref()?.protocol.as_ref()?;
    let tls = server.tls.as_ref().filter(|_| Protocol::parse(protocol) == Protocol::Https)?;
    let mode = tls.mode.map_or(ServerTlsMode::Passthrough, |mode| mode.value);
    if !matches!(mode, ServerTlsMode::Simple | ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual) {
        return None;
    }
    let filled = |field: &Option<crate::source::Spanned<String>>| field.clone().filter(|text| !text.is_empty());
    let span = |span| if gateway.resource.kind == Kind::Gateway { span } else { server.span };
    if let Some(name) = filled(&tls.credential_name) {
        return Some((name.value, span(name.span)));
    }
    let (certificate, key) = (filled(&tls.server_certificate)?, filled(&tls.private_key)?);
    Some((format!("{} {}", certificate.value, key.value), span(certificate.span)))
}
