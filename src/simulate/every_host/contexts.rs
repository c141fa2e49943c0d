//! The proxies and ports that route for the hosts of VirtualServices and other routes.

use std::collections::BTreeSet;

use super::Taken;
use super::other_client::OtherClient;
use crate::model::networking::{L4MatchAttributes, TlsMatchAttributes};
use crate::simulate::request::{GatewayRef, Request, RequestProtocol, Tls, WorkloadRef};
use crate::source::Span;
use crate::world::{Gateway, ProtocolClass, Section, Server, VirtualService, World, host};

/// A request for a host, sent to a proxy that routes for it.
#[derive(Debug, PartialEq)]
pub(super) struct Context {
    pub request: Request,
    /// The host, which can be a wildcard.
    pub host: String,
    /// The route that takes the request, if there is no choice. The rules of HTTP depend on more than the proxy and port.
    pub taken: Option<Taken>,
    /// The requests that the route takes, in words; empty for HTTP.
    pub when: String,
    /// The clients that rules of the VirtualService name, if the request is that of any client of the mesh.
    pub other_clients: Vec<OtherClient>,
    /// Whether the host gets an answer even if no rule takes the request.
    pub is_main: bool,
}

/// The contexts of each host that a VirtualService or another route defines: from a sidecar in the namespace of the
/// VirtualService if that is bound to the mesh, and through each Gateway that serves the host. A template that names a
/// client or a Gateway leaves the others out.
pub(super) fn of(world: &World<'_>, template: &Request) -> Vec<Context> {
    let mut contexts: Vec<Context> = Vec::new();
    let all = world.virtual_services.iter().chain(&world.derived.virtual_services);
    for virtual_service in all.filter(|it| !it.is_delegate()) {
        for host in &virtual_service.hosts {
            let found = Host { world, template, virtual_service, host: &host.value }.contexts();
            for context in found {
                if !contexts.contains(&context) {
                    contexts.push(context);
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
            if template.from.is_some() {
                return contexts;
            }
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
        let spec = &self.virtual_service.spec;
        let has = [
            (Section::Http, !spec.http.is_empty()),
            (Section::Tls, !spec.tls.is_empty()),
            (Section::Tcp, !spec.tcp.is_empty()),
        ];
        let can = |section: Section| match section {
            Section::Http => self.template.protocol != Some(RequestProtocol::Tcp),
            Section::Tls => self.template.tls != Some(Tls::Plaintext),
            Section::Tcp => true,
        };
        let mut sections: Vec<Section> =
            has.into_iter().filter(|(it, has)| *has && can(*it)).map(|(it, _)| it).collect();
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
        contexts.iter_mut().for_each(|context| context.host = host.to_owned());
        contexts
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
        let context = |port| Context {
            request: Request { port, ..request.clone() },
            host: String::new(),
            taken: None,
            when: String::new(),
            other_clients: match self.template.from.is_none() && request.gateway.is_none() {
                true => OtherClient::all_of(self.virtual_service),
                false => Vec::new(),
            },
            is_main: false,
        };
        ports.into_iter().map(context).collect()
    }

    fn of_tls(&self, request: &Request) -> Vec<Context> {
        let routes = &self.virtual_service.spec.tls;
        let matches = routes.iter().flat_map(|route| &route.r#match);
        let names = matches.flat_map(|it| it.sni_hosts.iter().map(move |name| (it, name)));
        let context = |(written, name): (&TlsMatchAttributes, &crate::source::Spanned<String>)| {
            let sni = request.sni.clone().unwrap_or_else(|| example(name));
            Context {
                request: Request {
                    // A client without a server name sends the host.
                    sni: Some(sni).filter(|sni| request.host.as_ref() != Some(sni)),
                    protocol: request.protocol.or(Some(RequestProtocol::Tcp)),
                    tls: request.tls.or(Some(Tls::Tls)),
                    port: request.port.or(written.port.map(|port| port.value)),
                    ..request.clone()
                },
                host: String::new(),
                taken: Some(Taken::Route(written.span)),
                when: format!("server name is {}", name.value),
                other_clients: Vec::new(),
                is_main: false,
            }
        };
        names.map(context).collect()
    }

    fn of_tcp(&self, request: &Request) -> Vec<Context> {
        let routes = &self.virtual_service.spec.tcp;
        let mut contexts = Vec::new();
        for route in routes {
            if route.r#match.is_empty() {
                contexts.push(tcp_context(request, None, route.span));
            }
            contexts.extend(route.r#match.iter().map(|written| tcp_context(request, Some(written), written.span)));
        }
        contexts
    }

    /// The requests through a Gateway: at each server for the host that uses the routes of the VirtualService, else at the
    /// first one for the host.
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
        if servers.is_empty() {
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

/// A connection that a match of a `tcp` route takes.
fn tcp_context(request: &Request, written: Option<&L4MatchAttributes>, span: Span) -> Context {
    let port = written.and_then(|written| written.port).map(|port| port.value);
    let network = written.and_then(|written| written.destination_subnets.first());
    let address = network.and_then(|network| host::network(network)).map(|network| network.addr().to_string());
    let of_port = port.map(|port| format!("port is {port}"));
    let of_network = network.map(|network| format!("address is in {}", network.value));
    Context {
        request: Request {
            protocol: request.protocol.or(Some(RequestProtocol::Tcp)),
            port: request.port.or(port),
            address: request.address.clone().or(address),
            ..request.clone()
        },
        host: String::new(),
        taken: Some(Taken::Route(span)),
        when: of_port.into_iter().chain(of_network).collect::<Vec<_>>().join(" and "),
        other_clients: Vec::new(),
        is_main: false,
    }
}

/// A host that a wildcard covers; other hosts stay the same.
fn example(host: &str) -> String {
    match host::wildcard_suffix(host) {
        Some("") => "example.com".to_owned(),
        Some(suffix) => format!("any{suffix}"),
        None => host.to_owned(),
    }
}
