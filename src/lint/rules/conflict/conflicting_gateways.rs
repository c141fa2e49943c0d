//! `conflicting-gateways`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::source::Span;
use crate::world::{Gateway, GatewayGroups, Protocol, ProtocolClass, Server};

pub static RULE: Rule = rule! {
    name: "conflicting-gateways",
    aliases: ["IST0145", "KIA0301", "KIA1501"],
    severity: Error,
    summary: "servers that cannot share a port of one gateway workload: one of them is dropped",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // Ingresses repeat hosts on purpose: their routes are joined without that.
    let of_gateway_api = world.derived.gateways.iter().filter(|gateway| gateway.is_of_gateway_api());
    let gateways: Vec<&Gateway<'_>> = world.gateways.iter().chain(of_gateway_api).collect();
    let groups = GatewayGroups::new(world, &gateways);
    let mut by_port: BTreeMap<(u32, &str), Vec<OpenServer<'_>>> = BTreeMap::new();
    for (index, gateway) in gateways.iter().enumerate() {
        for server in &gateway.servers {
            if let Some(open) = OpenServer::of(index, gateway, server) {
                by_port.entry((open.port, open.bind)).or_default().push(open);
            }
        }
    }
    let mut reported = BTreeSet::new();
    for servers in by_port.values() {
        for (index, server) in servers.iter().enumerate() {
            let related = servers[..index].iter().filter(|other| groups.meet(other.index, server.index));
            let conflict = related.filter_map(|earlier| conflict(earlier, server)).next();
            // One server can be the odd one beside many.
            let Some(conflict) = conflict.filter(|conflict| reported.insert(conflict.place)) else { continue };
            let aliases: &[&str] =
                if server.gateway.is_of_gateway_api() { &["KIA1501"] } else { &["IST0145", "KIA0301"] };
            let diagnostic = diagnostics.report_default(conflict.place, conflict.message);
            diagnostic
                .severity(conflict.severity)
                .related(conflict.other_place, "the other server")
                .help(conflict.help);
            diagnostic.aliases = aliases;
            // Whoever adds the one that wins should hear of it as well.
            if reported.insert(conflict.other_place) {
                let diagnostic = diagnostics
                    .report_default(conflict.other_place, "another server cannot share the port with this one");
                diagnostic.severity(Severity::Info).related(conflict.place, "it is left out, or wins if it is older");
                diagnostic.aliases = aliases;
            }
        }
    }
}

/// A server with what decides whether it can share its port.
struct OpenServer<'w> {
    /// The index of the Gateway.
    index: usize,
    gateway: &'w Gateway<'w>,
    server: &'w Server<'w>,
    port: u32,
    port_span: Span,
    bind: &'w str,
    protocol: Protocol,
}

impl<'w> OpenServer<'w> {
    fn of(index: usize, gateway: &'w Gateway<'w>, server: &'w Server<'w>) -> Option<Self> {
        Some(Self {
            index,
            gateway,
            server,
            port: server.port_number()?,
            port_span: server.spec.port.as_ref()?.span,
            bind: server.bind().unwrap_or_default(),
            protocol: server.protocol,
        })
    }

    /// Whether connections are told apart by their SNI.
    fn has_tls(&self) -> bool {
        self.server.is_tls()
    }

    /// Where this server is, for a reader of the other one.
    fn seen_from(&self, other: &OpenServer<'_>) -> String {
        if self.gateway.resource.span == other.gateway.resource.span {
            "in another server".to_owned()
        } else {
            format!("in Gateway {}", self.gateway.written_name())
        }
    }
}

/// What two servers on one port cannot share.
struct Conflict {
    severity: Severity,
    message: String,
    place: Span,
    other_place: Span,
    help: &'static str,
}

/// Whether istiod drops one of two servers on a port (istiod: `mergeGateways`): servers with TLS are told apart by
/// their hosts, plaintext HTTP servers are joined, nothing else goes together.
fn conflict(earlier: &OpenServer<'_>, later: &OpenServer<'_>) -> Option<Conflict> {
    if earlier.has_tls() && later.has_tls() {
        return same_host(earlier, later);
    }
    let joined = |server: &OpenServer<'_>| server.protocol.class() == ProtocolClass::Http;
    if joined(earlier) && joined(later) {
        return None;
    }
    // A plaintext server behind one with TLS is kept. Within a Gateway the order is written, between two it is a matter
    // of their ages.
    let is_kept = earlier.has_tls() && !later.has_tls();
    if is_kept && std::ptr::eq(earlier.gateway, later.gateway) {
        return None;
    }
    // Beside TLS the plaintext server is the odd one, whichever is older.
    let (odd, other) = if later.has_tls() { (earlier, later) } else { (later, earlier) };
    let (number, place) = (odd.port, other.seen_from(odd));
    let message = if odd.protocol == other.protocol {
        format!("port {number} is used {place} as well: two {} servers cannot share it", odd.protocol)
    } else {
        format!("port {number} is {} here and {} {place}", odd.protocol, other.protocol)
    };
    Some(Conflict {
        severity: if is_kept { Severity::Warning } else { Severity::Error },
        message,
        place: odd.port_span,
        other_place: other.port_span,
        help: "of two such servers on one workload only the older is sure to work; use different ports",
    })
}

/// Hosts are compared as they are written, namespaces included, as istiod does.
fn same_host(earlier: &OpenServer<'_>, later: &OpenServer<'_>) -> Option<Conflict> {
    later.server.spec.hosts.iter().find_map(|host| {
        let same = earlier.server.spec.hosts.iter().find(|other| other.as_str() == host.as_str())?;
        let what = if later.server.passes_tls_through() { "passed through" } else { "served" };
        Some(Conflict {
            severity: Severity::Error,
            message: format!(
                "host {} is {what} on port {} {} already",
                host.as_str(),
                later.port,
                earlier.seen_from(later)
            ),
            place: host.span,
            other_place: same.span,
            help: "the whole server of the younger Gateway is dropped; serve each TLS host in one place",
        })
    })
}
