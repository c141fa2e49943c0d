//! A request for each kind of connection that a proxy tells apart. What listeners see of a connection is its address, its
//! first bytes and its server name, so a finite number of requests shows all of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::hosts::{self, OUTSIDE};
use super::vantage::Vantage;
use crate::simulate::{Request, RequestProtocol, Simulator, Tls};
use crate::world::{ProtocolClass, World};

/// A request for each kind of connection from a vantage to a port, in some meshes. Its path and headers are open.
pub fn connections(simulators: &[&Simulator<'_>], vantage: &Vantage, port: u32) -> Vec<Request> {
    let start = Request { port: Some(port), ..vantage.request() };
    let worlds: Vec<&World<'_>> = simulators.iter().map(|it| it.world()).collect();
    match vantage {
        Vantage::Gateway { .. } => {
            let start = Request { host: Some(OUTSIDE.to_owned()), ..start };
            let secure = server_names(simulators, &start).into_iter().flat_map(|name| through_tls(&start, &name));
            plain(&start).into_iter().chain(secure).collect()
        }
        Vantage::Sidecar { .. } => {
            let to_host = |host: String| Request { host: Some(host), ..start.clone() };
            let to_address = |address: IpAddr| Request { address: Some(address.to_string()), ..start.clone() };
            let hosts = special_hosts(&worlds, vantage, port).into_iter().map(to_host);
            let addresses = addresses(simulators, &start, port).into_iter().map(to_address);
            let speak = |start: Request| {
                let names = server_names(simulators, &start).into_iter();
                let secure = names.map(|name| Request {
                    sni: Some(name),
                    protocol: Some(RequestProtocol::Tcp),
                    ..start.clone()
                });
                plain(&start).into_iter().chain(secure).collect::<Vec<_>>()
            };
            hosts.chain(addresses).flat_map(speak).collect()
        }
    }
}

/// Plaintext connections: with HTTP, and with other bytes.
fn plain(start: &Request) -> [Request; 2] {
    [start.clone(), Request { protocol: Some(RequestProtocol::Tcp), ..start.clone() }]
}

/// Connections of TLS to a server name: HTTP with and without a certificate of the client, and other bytes.
fn through_tls(start: &Request, name: &str) -> [Request; 3] {
    let with = |tls, protocol| Request { host: Some(name.to_owned()), tls: Some(tls), protocol, ..start.clone() };
    [with(Tls::Tls, None), with(Tls::Mtls, None), with(Tls::Tls, Some(RequestProtocol::Tcp))]
}

/// A server name for each of those that the listener of a request tells apart, and one of no server.
fn server_names(simulators: &[&Simulator<'_>], start: &Request) -> BTreeSet<String> {
    let secure = Request { tls: Some(Tls::Tls), ..start.clone() };
    let names: BTreeSet<String> = simulators.iter().flat_map(|it| it.server_names(&secure)).collect();
    let shown = names.iter().filter_map(|name| hosts::example(name, &names));
    shown.chain([OUTSIDE.to_owned()]).collect()
}

/// The hosts that may have a listener of their own at a port, and one that no mesh knows. Without a sidecar, requests go
/// straight to each service, or to its waypoint.
fn special_hosts(worlds: &[&World<'_>], vantage: &Vantage, port: u32) -> BTreeSet<String> {
    let mut found = BTreeSet::from([OUTSIDE.to_owned()]);
    for world in worlds {
        let is_direct = vantage.has_no_sidecar(world);
        let has_own = |class: ProtocolClass| is_direct || class != ProtocolClass::Http;
        let services = world.services.iter().filter(|it| it.port(port).is_some_and(|it| has_own(it.protocol.class())));
        found.extend(services.map(|service| service.hostname.clone()).filter(|host| !host.starts_with('*')));
        let for_connections =
            world.all_virtual_services().filter(|it| !it.spec.tcp.is_empty() || !it.spec.tls.is_empty());
        let hosts = for_connections.flat_map(|it| &it.hosts).map(|host| host.value.clone());
        found.extend(hosts.filter(|host| !host.starts_with('*')));
    }
    found
}

/// The first and the last address of each network that may have a filter chain at a port.
fn addresses(simulators: &[&Simulator<'_>], start: &Request, port: u32) -> BTreeSet<IpAddr> {
    let services = simulators.iter().flat_map(|it| it.world().services.iter()).filter(|it| it.has_port(port));
    let written = services.filter(|service| !service.addresses.is_empty()).flat_map(|service| service.networks());
    let outside = Request { host: Some(OUTSIDE.to_owned()), ..start.clone() };
    let of_chains = simulators.iter().flat_map(|it| it.networks(&outside));
    let networks: BTreeSet<IpNet> = written.chain(of_chains).collect();
    networks.into_iter().flat_map(|network| [network.network(), network.broadcast()]).collect()
}

/// The kind of a connection, in words.
pub fn words(connection: &Request) -> &'static str {
    match (connection.tls(), &connection.sni, connection.protocol()) {
        (Tls::Plaintext, _, RequestProtocol::Tcp) => "bytes that are not HTTP",
        (Tls::Plaintext, ..) => "HTTP without TLS",
        (Tls::Mtls, None, _) => "HTTPS with a client certificate",
        (Tls::Tls, None, RequestProtocol::Tcp) => "TLS with other bytes than HTTP",
        (Tls::Tls, None, _) => "HTTPS",
        (_, Some(_), _) => "TLS",
    }
}
