//! `shared-certificate`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Kind;
use crate::model::field::{NumberField, PlacedField, TextField};
use crate::source::{Span, Spanned};
use crate::world::{Gateway, GatewayGroups, Section, Server};

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
        for server in &gateway.servers {
            let port = server.port.number();
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
    server: &'w Server<'w>,
    /// Where the certificate is named; of the Gateway API the listener.
    span: Span,
}

impl Use<'_> {
    fn hosts(&self) -> BTreeSet<&str> {
        let hosts = self.server.spec.hosts.iter();
        hosts.map(|host| host.split_once('/').map_or(host.as_str(), |(_, host)| host)).collect()
    }

    fn has_other_hosts(&self, other: &Self) -> bool {
        self.hosts() != other.hosts()
    }
}

/// The certificate of a server that terminates TLS and speaks HTTP, and the place that names it.
fn certificate(gateway: &Gateway<'_>, server: &Server<'_>) -> Option<(String, Span)> {
    let is_https = server.section() == Some(Section::Http) && server.has_own_certificate();
    let tls = server.spec.tls.as_ref().filter(|_| is_https)?;
    let span = |field: &Option<Spanned<String>>| match gateway.resource.kind {
        Kind::Gateway => field.place(tls.span),
        _ => server.spec.span,
    };
    if let Some(name) = tls.credential_name.filled() {
        return Some((name.value.clone(), span(&tls.credential_name)));
    }
    let (certificate, key) = (tls.server_certificate.filled()?, tls.private_key.filled()?);
    Some((format!("{certificate} {key}"), span(&tls.server_certificate)))
}
