//! `shared-certificate`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::field::{NumberField, PlacedField, TextField};
use crate::model::wording::list;
use crate::source::{Span, Spanned};
use crate::world::{Gateway, GatewayGroups, Section, Server};

pub static RULE: Rule = rule! {
    name: "shared-certificate",
    summary: "HTTPS servers with different hosts share a certificate, so browsers that reuse a connection get 404",
    findings: [&SHARED, &ALSO_USED],
    check: check,
};

static SHARED: Finding = finding! {
    "shared", Lost, Likely, ["IST0138"],
    "an earlier server with other hosts uses the certificate too",
};
static ALSO_USED: Finding = finding! {
    "also-used", Notable, Certain, ["IST0138"],
    "a later server of another Gateway uses the certificate too",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let of_gateway_api = world.derived.gateways.iter().filter(|gateway| gateway.is_of_gateway_api());
    let gateways: Vec<&Gateway<'_>> = world.gateways.iter().chain(of_gateway_api).collect();
    let groups = GatewayGroups::new(world, &gateways);
    let mut by_certificate: BTreeMap<(u32, String), Vec<CertificateUse<'_>>> = BTreeMap::new();
    for (index, gateway) in gateways.iter().enumerate() {
        for server in &gateway.servers {
            let port = server.port.number();
            // istiod rejects a server without hosts.
            if let Some((certificate, span)) = certificate(gateway, server).filter(|_| !server.spec.hosts.is_empty()) {
                by_certificate.entry((port, certificate)).or_default().push(CertificateUse {
                    index,
                    gateway,
                    server,
                    span,
                });
            }
        }
    }
    for ((port, _), uses) in &mut by_certificate {
        // istiod sorts the listeners of a Gateway API Gateway by name. The order in the file is easier to follow.
        let first =
            |it: &CertificateUse<'_>| gateways.iter().position(|other| other.resource.span == it.gateway.resource.span);
        uses.sort_by_cached_key(|it| (first(it), it.span.start));
        // One finding for each resource is enough: whoever shares with one server shares with all.
        let mut reported = BTreeSet::new();
        for (index, later) in uses.iter().enumerate() {
            let shares = |earlier: &&CertificateUse<'_>| {
                groups.meet(earlier.index, later.index) && earlier.has_other_hosts(later)
            };
            let Some(earlier) = uses[..index].iter().find(shares) else { continue };
            if !reported.insert(later.gateway.resource.span) {
                continue;
            }
            let hosts = |it: &CertificateUse<'_>| list(it.hosts(), "and");
            diagnostics
                .report(
                    &SHARED,
                    later.span,
                    format!(
                        "{} and {} share a certificate on port {port}, but not their routes",
                        hosts(earlier),
                        hosts(later)
                    ),
                )
                .related(earlier.span, format!("used for {} here", hosts(earlier)))
                .help("list all hosts of the certificate in one server, or use a certificate for each server");
            if reported.insert(earlier.gateway.resource.span) {
                diagnostics
                    .report(&ALSO_USED, earlier.span, format!("the certificate is also used for {}", hosts(later)))
                    .related(later.span, "used here");
            }
        }
    }
}

/// A server that uses a certificate.
struct CertificateUse<'w> {
    /// The index of the Gateway.
    index: usize,
    gateway: &'w Gateway<'w>,
    server: &'w Server<'w>,
    /// The place that names the certificate, or the listener of a Gateway API Gateway.
    span: Span,
}

impl CertificateUse<'_> {
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
