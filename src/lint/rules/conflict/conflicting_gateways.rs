//! `conflicting-gateways`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Span;
use crate::world::{Gateway, GatewayGroups, Protocol, ProtocolClass, Section, Server};

pub static RULE: Rule = rule! {
    name: "conflicting-gateways",
    summary: "servers that cannot share a port of a gateway workload",
    findings: [&REPEATED_HOST, &EQUAL_NAMES, &PROTOCOL, &LISTENER, &NEWER_PLAINTEXT, &WINNER, &WINNING_LISTENER],
    check: check,
};

static REPEATED_HOST: Finding = finding! {
    "repeated-host", Lost, Certain, ["IST0145", "KIA0301"],
    "two servers with TLS have the same host on a port",
};
static EQUAL_NAMES: Finding = finding! {
    "equal-names", Lost, Certain, [],
    "two servers with TLS have the same host for different namespaces, so Envoy rejects the listener",
};
static PROTOCOL: Finding = finding! {
    "protocol", Lost, Certain, ["IST0145", "KIA0301"],
    "the protocols of two servers cannot share a port",
};
static LISTENER: Finding = finding! {
    "listener", Lost, Certain, ["KIA1501"],
    "two listeners of Gateway API Gateways cannot share a port",
};
static NEWER_PLAINTEXT: Finding = finding! {
    "newer-plaintext", Lost, Likely, [],
    "a plaintext server and a server with TLS share a port, which works only if the plaintext server is newer",
};
static WINNER: Finding = finding! {
    "winner", Notable, Certain, ["IST0145", "KIA0301"],
    "the other server of a conflict",
};
static WINNING_LISTENER: Finding = finding! {
    "winning-listener", Notable, Certain, ["KIA1501"],
    "the other listener of a conflict",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // Ingresses repeat hosts on purpose: istiod merges their routes anyway.
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
            let may_meet = |other: &&OpenServer<'_>| {
                groups.meet(other.index, server.index)
                    && !world.may_be_elsewhere(other.gateway.resource, server.gateway.resource)
            };
            let related = servers[..index].iter().filter(may_meet);
            let conflict = related.filter_map(|earlier| conflict(earlier, server)).next();
            // One server can be in conflict with many.
            let Some(conflict) = conflict.filter(|conflict| reported.insert(conflict.place)) else { continue };
            let is_listener = server.gateway.is_of_gateway_api();
            let finding = match conflict.kind {
                ConflictKind::OrderOfAge => &NEWER_PLAINTEXT,
                ConflictKind::ServerName => &EQUAL_NAMES,
                _ if is_listener => &LISTENER,
                ConflictKind::Host => &REPEATED_HOST,
                ConflictKind::Protocol => &PROTOCOL,
            };
            diagnostics
                .report(finding, conflict.place, conflict.message)
                .related(conflict.other_place, conflict.other_label)
                .help(conflict.help);
            // Whoever adds the one that wins should hear of it as well.
            if reported.insert(conflict.other_place) {
                let finding = if is_listener { &WINNING_LISTENER } else { &WINNER };
                diagnostics
                    .report(finding, conflict.other_place, conflict.other_message)
                    .related(conflict.place, conflict.label);
            }
        }
    }
}

/// A server that opens a port, with the properties that decide whether it can share the port.
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

    /// Whether connections are told apart by their server name.
    fn has_tls(&self) -> bool {
        self.server.is_tls()
    }

    fn is_in_gateway_of(&self, other: &OpenServer<'_>) -> bool {
        self.gateway.resource.span == other.gateway.resource.span
    }

    /// The Gateway of this server, for a reader of the other one.
    fn seen_from(&self, other: &OpenServer<'_>) -> String {
        if self.is_in_gateway_of(other) {
            "another server of this Gateway".to_owned()
        } else {
            format!("Gateway `{}`", self.gateway.written_name())
        }
    }
}

/// Two servers on one port that cannot share it.
struct Conflict {
    kind: ConflictKind,
    message: String,
    place: Span,
    label: String,
    help: String,
    other_message: String,
    other_place: Span,
    other_label: String,
}

impl Conflict {
    /// A conflict that is reported at `server`, because of `other`.
    fn new(kind: ConflictKind, message: String, [server, other]: [(&OpenServer<'_>, Span); 2]) -> Self {
        let ((server, place), (other, other_place)) = (server, other);
        let kept = if server.is_in_gateway_of(other) { "first" } else { "older" };
        let other_message = match kind {
            ConflictKind::OrderOfAge => {
                format!(
                    "{} uses this port without TLS, so istiod drops this server if it is newer",
                    server.seen_from(other)
                )
            }
            ConflictKind::ServerName => format!(
                "{} has this server name on port {}, too, so Envoy rejects the listener",
                server.seen_from(other),
                other.port
            ),
            _ => format!(
                "this server conflicts with {} on port {}: istiod keeps only the {kept} server",
                server.seen_from(other),
                other.port
            ),
        };
        let help = match kind {
            ConflictKind::Host => format!("serve the host in one server only: istiod keeps only the {kept} server"),
            ConflictKind::ServerName => {
                "serve the host in one server only: without the listener, all connections fail".to_owned()
            }
            ConflictKind::Protocol => format!("use another port: istiod keeps only the {kept} server"),
            ConflictKind::OrderOfAge => {
                "use another port: istiod keeps both servers only if this one is newer".to_owned()
            }
        };
        let label = |server: &OpenServer<'_>, other: &OpenServer<'_>| match server.is_in_gateway_of(other) {
            true => "the other server".to_owned(),
            false => format!("the server of Gateway `{}`", server.gateway.written_name()),
        };
        let (label, other_label) = (label(server, other), label(other, server));
        Self { kind, message, place, label, help, other_message, other_place, other_label }
    }
}

/// A property that two servers on one port cannot share.
#[derive(Clone, Copy)]
enum ConflictKind {
    /// The host of a server with TLS.
    Host,
    /// The server name of a server with TLS, which istiod does not compare.
    ServerName,
    /// The port, whichever is older.
    Protocol,
    /// The port, unless the one with TLS is older.
    OrderOfAge,
}

/// Whether istiod drops one of two servers on a port (istiod: `mergeGateways`): servers with TLS are told apart by
/// their hosts, and plaintext HTTP servers are merged. No other servers can share a port.
fn conflict(earlier: &OpenServer<'_>, later: &OpenServer<'_>) -> Option<Conflict> {
    if earlier.has_tls() && later.has_tls() {
        return same_host(earlier, later).or_else(|| same_name(earlier, later));
    }
    let is_merged = |server: &OpenServer<'_>| server.protocol.class() == ProtocolClass::Http;
    if is_merged(earlier) && is_merged(later) {
        return None;
    }
    // istiod keeps a plaintext server after one with TLS. Within a Gateway the order is written; between two it depends
    // on their ages.
    let is_kept = earlier.has_tls() && !later.has_tls();
    if is_kept && std::ptr::eq(earlier.gateway, later.gateway) {
        return None;
    }
    // Beside TLS the plaintext server is reported, whichever is older.
    let (odd, other) = if later.has_tls() { (earlier, later) } else { (later, earlier) };
    let (number, place) = (odd.port, other.seen_from(odd));
    let message = if odd.protocol == other.protocol {
        format!("{place} uses port {number} too, and two {} servers cannot share a port", odd.protocol)
    } else {
        format!("port {number} is {} here, but {} in {place}", odd.protocol, other.protocol)
    };
    let kind = if is_kept { ConflictKind::OrderOfAge } else { ConflictKind::Protocol };
    Some(Conflict::new(kind, message, [(odd, odd.port_span), (other, other.port_span)]))
}

/// Hosts are compared as they are written, namespaces included, as istiod does.
fn same_host(earlier: &OpenServer<'_>, later: &OpenServer<'_>) -> Option<Conflict> {
    later.server.spec.hosts.iter().find_map(|host| {
        let same = earlier.server.spec.hosts.iter().find(|other| other.as_str() == host.as_str())?;
        let (port, place) = (later.port, earlier.seen_from(later));
        let message = format!("{place} already serves host `{}` on port {port}", host.as_str());
        Some(Conflict::new(ConflictKind::Host, message, [(later, host.span), (earlier, same.span)]))
    })
}

/// istiod keeps two servers whose hosts differ only in the namespaces before them, but their filter chains are for the
/// same server name (Envoy: `FilterChainManagerImpl`).
fn same_name(earlier: &OpenServer<'_>, later: &OpenServer<'_>) -> Option<Conflict> {
    // A host `*` stands for all names of a server. The names of other servers come from routes.
    let names = |open: &OpenServer<'_>| -> Vec<(String, Span)> {
        let has_names = open.server.section() == Some(Section::Http);
        let hosts = || open.server.hosts.iter().filter(|_| has_names).map(|it| (it.host.to_ascii_lowercase(), it.span));
        let any: Vec<_> = hosts().filter(|(host, _)| host == "*").collect();
        if any.is_empty() { hosts().collect() } else { any }
    };
    let known = names(earlier);
    names(later).into_iter().find_map(|(name, span)| {
        let (_, other) = known.iter().find(|(other, _)| *other == name)?;
        let place = earlier.seen_from(later);
        let message =
            format!("{place} has server name `{name}` on port {}, too, so Envoy rejects the listener", later.port);
        Some(Conflict::new(ConflictKind::ServerName, message, [(later, span), (earlier, *other)]))
    })
}
