//! The proxies and ports that route for the hosts of VirtualServices and other routes.

use std::collections::BTreeSet;

use super::clients::Clients;
use super::{OTHERWISE, Taken};
use crate::model::networking::{L4MatchAttributes, TlsMatchAttributes};
use crate::simulate::request::{Direction, GatewayRef, Request, RequestProtocol, Tls, WorkloadRef};
use crate::source::Span;
use crate::world::{Gateway, ProtocolClass, Section, Server, VirtualService, World, host};

/// A request for a host, sent to a proxy that routes for it.
#[derive(Debug)]
pub(super) struct Context {
    pub request: Request,
    /// The host, which can be a wildcard.
    pub host: String,
    /// The route that takes the request, if there is no choice. The rules of HTTP depend on more than the proxy and port.
    pub taken: Option<Taken>,
    /// The requests that the route takes, in words; empty for HTTP.
    pub when: String,
    /// The clients that rules of HTTP are for, if the request leaves the client open.
    pub clients: Vec<Clients>,
    /// The VirtualService or other resource that has the route, as a message names it.
    pub owner: String,
    /// Whether the host gets an answer even if no rule takes the request.
    pub is_main: bool,
}

/// The contexts of each host that a VirtualService or another route defines: from a sidecar in the namespace of the
/// VirtualService if that is bound to the mesh, and through each Gateway that serves the host. A template with a client
/// leaves out the Gateways, and one with a Gateway leaves out the rest.
pub(super) fn of(world: &World<'_>, template: &Request) -> Vec<Context> {
    let mut contexts: Vec<Context> = Vec::new();
    let all = world.all_virtual_services();
    for virtual_service in all.filter(|it| !it.is_delegate()) {
        for host in &virtual_service.hosts {
            let found = Host { world, template, virtual_service, host: &host.value }.contexts();
            for context in found {
                match contexts.iter_mut().find(|known| known.is_same(&context)) {
                    Some(known) => known.add_clients(context.clients),
                    None => contexts.push(context),
                }
            }
        }
    }
    contexts
}

/// A host of a VirtualService.
struct Host<'h, 'a> {
    world: &'h World<'a>,
    template: &'h Request,
    virtual_service: &'h VirtualService<'a>,
    host: &'h str,
}

impl<'h, 'a> Host<'h, 'a> {
    fn contexts(&self) -> Vec<Context> {
        let Self { world, template, virtual_service, .. } = *self;
        match &template.gateway {
            Some(GatewayRef::Workload(_)) => return self.speaking(self.plain(), self.host, None),
            Some(GatewayRef::Name(written)) => {
                let found = world.gateways_named(&world.gateway_name(written)).into_iter();
                return found.filter(|it| virtual_service.binds(&it.name)).flat_map(|it| self.through(it)).collect();
            }
            None => {}
        }
        let mut contexts = Vec::new();
        if virtual_service.binds_mesh() {
            let namespace = Some(virtual_service.name.namespace.to_string());
            let mut plain = self.plain();
            plain.from.get_or_insert_with(|| WorkloadRef { namespace, ..WorkloadRef::default() });
            contexts = self.speaking(plain, self.host, None);
        }
        if template.from.is_some() && template.direction != Some(Direction::Gateway) {
            return contexts;
        }
        let bound = || virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
        for name in bound() {
            contexts.extend(world.gateways_named(name).into_iter().flat_map(|gateway| self.through(gateway)));
        }
        if contexts.is_empty() {
            let gateway = bound().next().map(|name| GatewayRef::Name(name.to_string()));
            contexts = self.speaking(Request { gateway, ..self.plain() }, self.host, None);
        }
        contexts
    }

    fn plain(&self) -> Request {
        Request { host: Some(example(self.host)), ..self.template.clone() }
    }

    /// The sections that have routes, and that a client of the template can take.
    fn sections(&self) -> Vec<Section> {
        let can = |section: Section| match section {
            Section::Http => self.template.protocol != Some(RequestProtocol::Tcp),
            Section::Tls => self.template.tls != Some(Tls::Plaintext),
            Section::Tcp => true,
        };
        let taken = Section::ALL.into_iter().filter(|it| self.virtual_service.has_routes(*it) && can(*it));
        let mut sections: Vec<Section> = taken.collect();
        if sections.is_empty() {
            sections.push(Section::Http);
        }
        sections
    }

    /// The requests in the protocols that the VirtualService routes; `only` is the section of a server.
    fn speaking(&self, request: Request, host: &str, only: Option<Section>) -> Vec<Context> {
        let sections = self.sections().into_iter().filter(|section| only.is_none_or(|only| only == *section));
        let mut contexts: Vec<Context> = sections
            .flat_map(|section| match section {
                Section::Http => self.of_http(&request),
                Section::Tls => self.of_tls(&request),
                Section::Tcp => self.of_tcp(&request),
            })
            .collect();
        contexts.iter_mut().enumerate().for_each(|(index, context)| context.is_main = index == 0);
        let owner = self.owner();
        for context in &mut contexts {
            context.host = host.to_owned();
            context.owner.clone_from(&owner);
        }
        contexts
    }

    /// The resource that has the routes, and its place.
    fn owner(&self) -> String {
        let resource = self.virtual_service.resource;
        let sources = &self.world.snapshot.sources;
        let (file, line) = (sources.file(resource.span.file).path(), sources.start(resource.span).line);
        let namespace = self.world.settings.namespace_of(resource);
        format!("{} `{namespace}/{}` at {file}:{line}", resource.kind.name(), resource.name())
    }

    /// The request, sent by the clients that a match is for if the template leaves the client open, and the words for
    /// them. A gateway ignores the conditions on clients.
    fn sent_by(&self, clients: Option<Clients>, request: &Request) -> (Request, Option<String>) {
        match clients.filter(|_| self.is_client_open(request)) {
            Some(clients) => (clients.send(request), Some(clients.words())),
            None => (request.clone(), None),
        }
    }

    fn is_client_open(&self, request: &Request) -> bool {
        self.template.from.is_none() && request.gateway.is_none()
    }

    fn of_http(&self, request: &Request) -> Vec<Context> {
        let mut ports = BTreeSet::new();
        if request.gateway.is_none() && request.port.is_none() {
            let of_services = self.world.services.named(self.host).flat_map(|service| &service.ports);
            let http =
                of_services.filter(|port| matches!(port.protocol.class(), ProtocolClass::Http | ProtocolClass::Auto));
            ports.extend(http.map(|port| port.number));
        }
        let ports: Vec<Option<u32>> = match ports.len() {
            0 | 1 => vec![request.port],
            _ => ports.into_iter().map(Some).collect(),
        };
        let clients = match self.is_client_open(request) {
            true => Clients::of_virtual_service(self.world, self.virtual_service),
            false => Vec::new(),
        };
        let context = |port| {
            let request = Request { port, ..request.clone() };
            Context { clients: clients.clone(), ..Context::new(request, None, String::new()) }
        };
        ports.into_iter().map(context).collect()
    }

    fn of_tls(&self, request: &Request) -> Vec<Context> {
        let routes = &self.virtual_service.spec.tls;
        let matches = routes.iter().flat_map(|route| &route.r#match);
        let names = matches.flat_map(|it| it.sni_hosts.iter().map(move |name| (it, name)));
        let context = |(written, name): (&TlsMatchAttributes, &crate::source::Spanned<String>)| {
            let (request, client) = self.sent_by(Clients::of_tls(written), request);
            let sni = request.sni.clone().unwrap_or_else(|| example(name));
            let asked = Request {
                // A client without a server name sends the host.
                sni: Some(sni).filter(|sni| request.host.as_ref() != Some(sni)),
                protocol: request.protocol.or(Some(RequestProtocol::Tcp)),
                tls: request.tls.or(Some(Tls::Tls)),
                port: request.port.or(written.port.map(|port| port.value)),
                ..request
            };
            let name = format!("server name is {}", name.value);
            Context::new(asked, Some(Taken::Route(written.span)), joined(client.into_iter().chain([name])))
        };
        names.map(context).collect()
    }

    fn of_tcp(&self, request: &Request) -> Vec<Context> {
        let mut contexts: Vec<Context> = Vec::new();
        for route in &self.virtual_service.spec.tcp {
            if route.r#match.is_empty() {
                contexts.push(self.of_tcp_match(request, None, route.span));
            }
            contexts.extend(route.r#match.iter().map(|it| self.of_tcp_match(request, Some(it), it.span)));
        }
        let after_others = contexts.iter_mut().skip(1);
        after_others.filter(|it| it.when.is_empty()).for_each(|it| OTHERWISE.clone_into(&mut it.when));
        contexts
    }

    /// A connection that a match of a `tcp` route takes.
    fn of_tcp_match(&self, request: &Request, written: Option<&L4MatchAttributes>, span: Span) -> Context {
        let (request, client) = self.sent_by(written.and_then(Clients::of_tcp), request);
        let port = written.and_then(|written| written.port).map(|port| port.value);
        let network = written.and_then(|written| written.destination_subnets.first());
        let address = network.and_then(|network| host::network(network)).map(|network| network.addr().to_string());
        let of_port = port.map(|port| format!("port is {port}"));
        let of_network = network.map(|network| format!("address is in {}", network.value));
        let asked = Request {
            protocol: request.protocol.or(Some(RequestProtocol::Tcp)),
            port: request.port.or(port).or_else(|| self.only_port().filter(|_| request.gateway.is_none())),
            address: request.address.clone().or(address),
            ..request
        };
        let when = joined(client.into_iter().chain(of_port).chain(of_network));
        Context::new(asked, Some(Taken::Route(span)), when)
    }

    /// The port of the services of the host, if they have only one.
    fn only_port(&self) -> Option<u32> {
        let ports = self.world.services.named(self.host).flat_map(|service| &service.ports);
        let ports: BTreeSet<u32> = ports.map(|port| port.number).collect();
        ports.first().copied().filter(|_| ports.len() == 1)
    }

    /// The requests through a Gateway: at each server for the host that uses the routes of the VirtualService, else at the
    /// first one for the host, unless the template names a port.
    fn through(&self, gateway: &Gateway<'_>) -> Vec<Context> {
        let common = |server: &Server<'_>| -> Option<String> {
            let of_server = server.hosts_for(&self.virtual_service.name.namespace);
            host::intersection(&of_server, &[self.host]).first().map(|host| (*host).to_owned())
        };
        let serving = || gateway.servers.iter().filter_map(|server| Some((server, common(server)?)));
        let is_wanted = |server: &Server<'_>| self.template.port.is_none_or(|port| server.port_number() == Some(port));
        let sections = self.sections();
        let fits = |server: &Server<'_>| {
            server.section().is_some_and(|section| sections.contains(&section)) && is_wanted(server)
        };
        let mut servers: Vec<(&Server<'_>, String)> = serving().filter(|(server, _)| fits(server)).collect();
        if servers.is_empty() && self.template.port.is_none() {
            servers.extend(serving().next());
        }
        // The server without a redirect comes first: the other one leads to it.
        servers.sort_by_key(|(server, _)| server.https_redirect().is_some());
        let mut contexts = Vec::new();
        for (server, common) in servers.into_iter().filter(|(server, _)| server.spec.port.is_some()) {
            let request = Request {
                host: Some(example(&common)),
                gateway: Some(GatewayRef::Name(gateway.written_name().to_string())),
                port: self.template.port.or(server.port_number()),
                tls: self.template.tls.or(server.is_tls().then_some(Tls::Tls)),
                ..self.template.clone()
            };
            let section = server.section().filter(|section| sections.contains(section));
            contexts.extend(self.speaking(request, &common, section));
        }
        contexts.iter_mut().enumerate().for_each(|(index, context)| context.is_main = index == 0);
        contexts
    }
}

impl Context {
    fn new(request: Request, taken: Option<Taken>, when: String) -> Self {
        let (host, owner) = (String::new(), String::new());
        Self { request, host, taken, when, clients: Vec::new(), owner, is_main: false }
    }

    /// Whether both ask the same. Several VirtualServices can have the host.
    fn is_same(&self, other: &Self) -> bool {
        self.request == other.request
            && (&self.host, self.taken, &self.when, self.is_main)
                == (&other.host, other.taken, &other.when, other.is_main)
    }

    fn add_clients(&mut self, others: Vec<Clients>) {
        for clients in others {
            if !self.clients.contains(&clients) {
                self.clients.push(clients);
            }
        }
    }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" and ")
}

/// A host that a wildcard covers; other hosts stay the same.
fn example(host: &str) -> String {
    match host::wildcard_suffix(host) {
        Some("") => "example.com".to_owned(),
        Some(suffix) => format!("any{suffix}"),
        None => host.to_owned(),
    }
}
