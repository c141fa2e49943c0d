//! `captured-port`

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::{Resolution, ServiceEntryPort};
use crate::routing::{ChainAction, Connection, Payload, Proxy, ProxyListener, Role, TcpProxy, outbound};
use crate::world::{Protocol, ProtocolClass, Service, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "captured-port",
    summary: "a TCP port of a ServiceEntry without addresses captures connections to all other hosts",
    findings: [&WEB_PORT, &TAKEN, &OTHER_PORT, &NO_PROTOCOL],
    check: check,
};

static WEB_PORT: Finding = finding! {
    "web-port", Lost, Certain, ["IST0134"],
    "the port is 80 or 443, so connections to many other hosts are captured",
};
static TAKEN: Finding = finding! {
    "taken", Lost, Certain, ["IST0134"],
    "another ServiceEntry captures the connections to the port, so the host gets none",
};
static OTHER_PORT: Finding = finding! {
    "other-port", Lost, Likely, ["IST0134"],
    "the port is another one, so connections to other hosts are captured if there are any",
};
// Envoy detects HTTP, which tells hosts apart, so only other protocols suffer.
static NO_PROTOCOL: Finding = finding! {
    "no-protocol", Lost, Likely, ["IST0134"],
    "the port has no protocol, so connections to other hosts that are not HTTP are captured",
};

fn check<'a>(context: &Context<'a>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if world.settings.dns_capture {
        return;
    }
    let mut sidecars: BTreeMap<&str, Proxy<'a>> = BTreeMap::new();
    for (service, entry) in world.services.entries() {
        // With resolution NONE, Envoy forwards connections to their original destination.
        let resolution = entry.resolution.map_or(Resolution::None, |resolution| resolution.value);
        if !service.addresses.is_empty() || resolution == Resolution::None {
            continue;
        }
        for port in &entry.ports {
            let class = Protocol::parse(port.protocol.text()).class();
            // The webhook rejects a protocol that does not exist.
            let is_refused = port.protocol.as_ref().is_some_and(|protocol| context.is_refused(protocol.span));
            if !is_refused && matches!(class, ProtocolClass::Tcp | ProtocolClass::Auto) {
                let sidecar = sidecars
                    .entry(&service.namespace)
                    .or_insert_with(|| Proxy::sidecar(world, &service.namespace, &BTreeMap::new()));
                check_port(world, sidecar, service, port, diagnostics);
            }
        }
    }
}

/// An address of no host. Only listeners for all addresses take connections to it.
const ANY_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(0, 255, 255, 255));

/// The fate of connections to unknown hosts on a port.
enum Captured<'a> {
    /// The ServiceEntry, or the host to which a route for it leads, gets them.
    Own {
        /// The host to which they go.
        host: String,
        /// Which of them.
        connections: &'static str,
        /// Whether they have a cluster.
        have_cluster: bool,
    },
    /// The service of another host gets them.
    ByOther {
        /// The host to which they go.
        host: String,
        /// The VirtualService that routes them, if one does.
        virtual_service: Option<&'a VirtualService<'a>>,
    },
}

fn captured<'a>(sidecar: &Proxy<'a>, service: &Service<'_>, number: u32, class: ProtocolClass) -> Captured<'a> {
    // A Sidecar resource can hide the service from its own namespace. Clients of others still use it.
    let own = |host: &str, connections| Captured::Own { host: host.to_owned(), connections, have_cluster: true };
    let otherwise = own(&service.hostname, if class == ProtocolClass::Auto { "all non-HTTP" } else { "all" });
    let Role::Sidecar(scope) = &sidecar.role else { return otherwise };
    let port = outbound::OutboundPort::new(sidecar, scope, number);
    let Some(listener) = port.listener(ANY_HOST) else { return otherwise };
    let action = |payload| {
        let chain = listener.chain(&Connection { address: ANY_HOST, payload });
        chain.map(|chain| &chain.action)
    };
    let Some(ChainAction::Tcp(taking)) = action(Payload::Bytes) else { return otherwise };
    let Some(target) = target(sidecar.world, taking, service) else { return otherwise };
    if target.is_other {
        return Captured::ByOther { host: target.host.to_owned(), virtual_service: target.virtual_service };
    }
    let tells_names_apart =
        |listener: &ProxyListener<'_>| listener.chains.iter().any(|chain| !chain.criteria.server_names.is_empty());
    let connections = match action(Payload::Http) {
        Some(ChainAction::Http { .. }) => "all non-HTTP",
        _ if tells_names_apart(listener) => "all other",
        _ => "all",
    };
    let host = target.host.to_owned();
    Captured::Own { host, connections, have_cluster: taking.destinations.iter().any(|it| it.cluster.exists()) }
}

/// Where the connections of a filter chain go.
struct Target<'t, 'a> {
    host: &'t str,
    virtual_service: Option<&'a VirtualService<'a>>,
    /// Whether neither the host nor the route is that of the service.
    is_other: bool,
}

/// Where the connections of a filter chain go, beside a service that has the port. `None` if they go nowhere.
fn target<'t, 'a>(world: &World<'a>, taking: &'t TcpProxy<'a>, service: &'t Service<'_>) -> Option<Target<'t, 'a>> {
    let is_own = |name: &str| {
        host::overlap(name, &service.hostname)
            || world.services.named(name).any(|other| std::ptr::eq(other.resource, service.resource))
    };
    let virtual_service = taking.route.as_ref().map(|route| route.virtual_service);
    if taking.destinations.iter().any(|destination| is_own(&destination.cluster.host)) {
        return Some(Target { host: &service.hostname, virtual_service, is_other: false });
    }
    let host = &taking.destinations.first()?.cluster.host;
    let is_routed = virtual_service.is_some_and(|it| it.hosts.iter().any(|host| is_own(host)));
    Some(Target { host, virtual_service, is_other: !is_routed })
}

fn check_port(
    world: &World<'_>,
    sidecar: &Proxy<'_>,
    service: &Service<'_>,
    port: &ServiceEntryPort,
    diagnostics: &mut Diagnostics,
) {
    let Some(number) = port.number.map(|number| number.value) else { return };
    let class = Protocol::parse(port.protocol.text()).class();
    let host = &service.hostname;
    let written = port.protocol.filled();
    let place = written.map_or(port.span, |written| written.span);
    let (receiver, connections, have_cluster) = match captured(sidecar, service, number, class) {
        Captured::ByOther { host: other, virtual_service } => {
            let reason = match virtual_service {
                Some(it) => format!("because VirtualService `{}` routes them", it.name),
                None => "which has the port too".to_owned(),
            };
            let message = format!(
                "without `addresses`, sidecars send connections to `{host}` on port {number} to `{other}`, {reason}"
            );
            let diagnostic = diagnostics.report(&TAKEN, place, message);
            if let Some(other) = world.services.named(&other).next() {
                diagnostic.related(other.span, format!("the {} that gets the connections", other.resource.kind.name()));
            }
            diagnostic.help(advice(number, virtual_service.is_none()));
            return;
        }
        Captured::Own { host, connections, have_cluster } => (host, connections, have_cluster),
    };
    let fate = match have_cluster {
        true => format!("send {connections} connections on port {number} to `{receiver}`"),
        false => {
            format!("close {connections} connections on port {number}, because `{receiver}` has no cluster for it")
        }
    };
    if written.is_none() {
        let guess = if number == 443 { "TLS" } else { "HTTP" };
        let edit = Edit::add(port.span, ["protocol"], guess);
        let help = Advice::new(format!("add {edit}, or the protocol that the clients speak")).option([edit]);
        let message = format!("`protocol` is missing, so sidecars {fate}");
        diagnostics.report(&NO_PROTOCOL, place, message).help(help);
        return;
    }
    let finding = if matches!(number, 80 | 443) { &WEB_PORT } else { &OTHER_PORT };
    let message = format!("without `addresses`, sidecars {fate}");
    diagnostics.report(finding, place, message).help(advice(number, false));
}

fn advice(number: u32, is_of_both: bool) -> String {
    let addresses = if is_of_both { "set `addresses` of both" } else { "set `addresses`" };
    match number {
        443 => format!("use protocol `TLS` or `HTTPS`, which tell hosts apart, or {addresses}"),
        _ => format!("{addresses}, or use protocol `TLS` or `HTTP` if clients speak it"),
    }
}
