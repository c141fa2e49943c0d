//! `refusing-gateway`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule, samples};
use crate::model::networking::ServerTlsMode;
use crate::simulate::{Answer, Arrived, Outcome, Request};
use crate::world::{DestinationRef, Gateway, Section, Server, Service, VirtualService, Workload, World, host};

pub static RULE: Rule = rule! {
    name: "refusing-gateway",
    summary: "a route sends requests on to a gateway that does not accept them",
    findings: [&EXPECTS_TLS, &EXPECTS_PLAINTEXT, &UNKNOWN_HOST, &CLOSED_PORT],
    check: check,
};

static EXPECTS_TLS: Finding = finding! {
    "expects-tls", Lost, Certain, [],
    "the port of the gateway expects TLS, and gets plaintext",
};
static EXPECTS_PLAINTEXT: Finding = finding! {
    "expects-plaintext", Lost, Certain, [],
    "the port of the gateway expects plaintext, and gets TLS",
};
static UNKNOWN_HOST: Finding = finding! {
    "unknown-host", Lost, Likely, [],
    "the gateway has no route for the host that it gets",
};
static CLOSED_PORT: Finding = finding! {
    "closed-port", Lost, Likely, [],
    "no server of a Gateway opens the port",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        let mut by_route: BTreeMap<(Section, usize), Vec<Hop<'_, '_>>> = BTreeMap::new();
        let destinations = virtual_service.destinations();
        for destination in destinations.iter().filter(|it| !it.is_mirror) {
            if let Some(hop) = Hop::new(world, virtual_service, destination) {
                let route = destination.route;
                by_route.entry((route.section, route.index)).or_default().push(hop);
            }
        }
        for hops in by_route.values() {
            check_route(context, virtual_service, hops, diagnostics);
        }
    }
}

/// A destination that leads to a gateway.
struct Hop<'w, 'a> {
    destination: &'w DestinationRef<'w>,
    service: &'w Service<'a>,
    /// One of the workloads behind the service, which are alike.
    workload: &'w Workload<'a>,
}

impl<'w, 'a> Hop<'w, 'a> {
    fn new(
        world: &'w World<'a>,
        virtual_service: &VirtualService<'_>,
        destination: &'w DestinationRef<'w>,
    ) -> Option<Self> {
        let host = virtual_service.full_host(destination.host, &world.settings);
        let mut services = world.services.named(&host);
        let (service, None) = (services.next()?, services.next()) else { return None };
        let workloads = world.workloads_of_service(service)?;
        let workload = workloads.into_iter().find(|workload| workload.runs && world.is_gateway_workload(workload))?;
        Some(Self { destination, service, workload })
    }
}

/// A request that reaches a gateway, and what happens to it there.
struct Refused {
    answer: Answer,
    arrived: Arrived,
}

/// Sends samples of all requests that the route takes. A destination is reported if its gateway accepts none of them.
fn check_route(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    hops: &[Hop<'_, '_>],
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let Some(route) = hops.first().map(|hop| hop.destination.route) else { return };
    let requests: Vec<Request> = match (route.section, route.http()) {
        (_, Some(http)) => samples::of_route(world, virtual_service, http),
        (Section::Tls, None) => match virtual_service.spec.tls.get(route.index) {
            Some(tls) => samples::of_tls_route(world, virtual_service, tls),
            None => return,
        },
        (_, None) => return,
    };
    let answers = requests.iter().filter_map(|request| context.simulator().simulate(request).ok());
    let taken: Vec<Answer> = answers
        .filter(|answer| answer.route.as_ref().is_some_and(|answering| route.span.contains(answering.span)))
        .collect();
    for hop in hops {
        let name = hop.workload.name.to_string();
        let is_of_hop = |arrived: &&Arrived| {
            let subset = hop.destination.destination.subset.as_ref().map_or("", |subset| subset.as_str());
            let mut parts = arrived.via.split('|').skip(2);
            (parts.next(), parts.next()) == (Some(subset), Some(&hop.service.hostname))
        };
        let mut refused = Vec::new();
        let mut is_accepted = false;
        for answer in &taken {
            let Some(arrived) = answer.arrivals.iter().find(is_of_hop) else { continue };
            // A note says which routes with placeholders may decide otherwise.
            let is_known = arrived.notes.is_empty() || world.snapshot.placeholders.is_empty();
            match arrived.outcome {
                // Another workload gets the request only if the gateway accepts it.
                Outcome::NoRoute | Outcome::Refused if is_known && arrived.workload == name => {
                    refused.push(Refused { answer: answer.clone(), arrived: arrived.clone() });
                }
                _ => is_accepted = true,
            }
        }
        if let Some(refused) = refused.first().filter(|_| !is_accepted)
            && context.is_definite(hop.service.resource, diagnostics)
        {
            report(world, hop, refused, diagnostics);
        }
    }
}

fn report(world: &World<'_>, hop: &Hop<'_, '_>, refused: &Refused, diagnostics: &mut Diagnostics) {
    let Hop { destination, service, workload } = hop;
    let name = &workload.name;
    let number = refused.arrived.via.split('|').nth(1).and_then(|port| port.parse().ok()).unwrap_or_default();
    let place = destination.host.span;
    let target = service.port(number).and_then(|port| workload.port_behind(port)).unwrap_or(number);
    let servers = servers(world, workload, &[number, target]);
    let Some((gateway, first)) = servers.first() else {
        let message = format!("gateway `{name}` refuses connections to port {number}: no Gateway opens the port");
        diagnostics
            .report(&CLOSED_PORT, place, message)
            .related(service.span, "the Service of the gateway")
            .help(format!("add a server for port {number} to a Gateway that selects the workload"));
        return;
    };
    let opened = first.port.map_or(gateway.resource.span, |port| port.span);
    let sends_tls = refused.arrived.tls != "plaintext" || !refused.arrived.server_name.is_empty();
    if !sends_tls && servers.iter().all(|(_, server)| server.is_tls()) {
        let message = format!("port {number} of gateway `{name}` expects TLS and gets plaintext, so requests fail");
        let help = match first.tls_mode {
            Some(ServerTlsMode::IstioMutual) => {
                format!("set `tls.mode: ISTIO_MUTUAL` in a DestinationRule for `{}`", service.hostname)
            }
            Some(ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough) => {
                "write `tls` routes, or use a port of the gateway that expects plaintext".to_owned()
            }
            _ => format!(
                "originate TLS in a DestinationRule for `{}`, or use a port of the gateway that expects plaintext",
                service.hostname
            ),
        };
        diagnostics.report(&EXPECTS_TLS, place, message).related(opened, "the server of the gateway").help(help);
        return;
    }
    if sends_tls && servers.iter().all(|(_, server)| !server.is_tls() && server.section() == Some(Section::Http)) {
        let message = format!("port {number} of gateway `{name}` expects plaintext and gets TLS, so connections fail");
        let diagnostic = diagnostics.report(&EXPECTS_PLAINTEXT, place, message);
        diagnostic
            .related(opened, "the server of the gateway")
            .help(format!("use a port of the gateway that expects TLS, or set `tls` of the server for port {number}"));
        return;
    }
    report_unknown(&servers, hop, refused, diagnostics);
}

/// Reports a host or server name for which the gateway has no route.
fn report_unknown(
    servers: &[(&Gateway<'_>, &Server<'_>)],
    hop: &Hop<'_, '_>,
    refused: &Refused,
    diagnostics: &mut Diagnostics,
) {
    let name = &hop.workload.name;
    let http = hop.destination.route.http();
    let authority = refused.answer.request.as_ref().map(|request| request.authority.as_str());
    let is_answered = refused.arrived.outcome == Outcome::NoRoute;
    let (what, happens) = match is_answered {
        true => ("host", "answers with 404"),
        false => ("server name", "closes the connection"),
    };
    let unknown = authority.filter(|_| is_answered).unwrap_or(&refused.arrived.server_name);
    let rewritten = http.and_then(|http| http.rewrite.as_ref()?.authority.as_ref()).filter(|_| is_answered);
    let place = rewritten.map_or(hop.destination.host.span, |authority| authority.span);
    let message = format!("gateway `{name}` has no route for {what} `{unknown}`, so the gateway {happens}");
    let diagnostic = diagnostics.report(&UNKNOWN_HOST, place, message);
    let serving =
        |host: &str| servers.iter().find(|(_, server)| server.hosts.iter().any(|own| host::overlap(&own.host, host)));
    let port =
        |(gateway, server): &(&Gateway<'_>, &Server<'_>)| server.port.map_or(gateway.resource.span, |port| port.span);
    // Mutual TLS has a server name that is made from the cluster, unless the DestinationRule sets another one.
    if let Some(host) = authority.filter(|_| !is_answered)
        && let Some(server) = serving(host)
    {
        let rule = &hop.service.hostname;
        diagnostic
            .related(port(server), "the server of the gateway")
            .help(format!("set `tls.sni: {host}` in the DestinationRule for `{rule}`"));
        return;
    }
    if let Some(server) = serving(unknown) {
        let routes = if http.is_some() { "http" } else { "tls" };
        let gateway = server.0.written_name().to_string();
        diagnostic
            .related(port(server), "the server of the gateway")
            .help(format!("bind a VirtualService that has `{routes}` routes for `{unknown}` to Gateway `{gateway}`"));
    } else if let Some((gateway, server)) = servers.first() {
        let place = server.hosts.first().map_or(gateway.resource.span, |host| host.span);
        let gateway = gateway.written_name().to_string();
        let host = authority.unwrap_or(unknown);
        diagnostic
            .related(place, "the hosts of the gateway")
            .help(format!("add `{host}` to a server of Gateway `{gateway}`, with a VirtualService for the host"));
    }
}

/// The servers that Gateways open for a gateway workload at some ports.
fn servers<'w, 'a>(
    world: &'w World<'a>,
    workload: &Workload<'_>,
    ports: &[u32],
) -> Vec<(&'w Gateway<'a>, &'w Server<'a>)> {
    let gateways = world.all_gateways().into_iter().filter(|gateway| match gateway.services.is_empty() {
        true => workload.is_selected_by(&gateway.spec.selector),
        false => gateway
            .services
            .iter()
            .any(|name| world.services.named(name).any(|service| service.is_before(&workload.labels, None))),
    });
    let all = gateways.flat_map(|gateway| gateway.servers.iter().map(move |server| (gateway, server)));
    all.filter(|(_, server)| server.port_number().is_some_and(|own| ports.contains(&own))).collect()
}
