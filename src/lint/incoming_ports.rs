//! The ports on which requests for a VirtualService come in.

use std::collections::BTreeSet;

use crate::model::Kind;
use crate::source::Spanned;
use crate::world::host::{self, Form};
use crate::world::{ExportTo, Gateway, Section, Server, Service, VirtualService, World};

/// The port on which sidecars apply the routes of hosts that no service has.
const HTTP_PORT: u32 = 80;

/// The ports of a Gateway's servers that use the routes of a section for the hosts of a VirtualService.
pub fn server_ports(gateway: &Gateway<'_>, virtual_service: &VirtualService<'_>, section: Section) -> BTreeSet<u32> {
    // A server that redirects all requests to HTTPS uses no routes.
    let servers = serving(gateway, virtual_service, section).filter(|server| server.https_redirect().is_none());
    servers.filter_map(Server::port_number).collect()
}

/// The servers of a Gateway for a section and the hosts of a VirtualService.
pub fn serving<'g, 'a>(
    gateway: &'g Gateway<'a>,
    virtual_service: &VirtualService<'_>,
    section: Section,
) -> impl Iterator<Item = &'g Server<'a>> {
    let serves = move |server: &&Server<'_>| {
        let own = virtual_service.name.namespace.as_ref();
        server.section() == Some(section) && virtual_service.hosts.iter().any(|host| server.serves(host, own))
    };
    gateway.servers.iter().filter(serves)
}

/// The ports on which clients call the hosts of a VirtualService, as far as sidecars apply routes of a section there: those
/// of the services, and port 80 for hosts of which no service has such a port. `None` if a host may belong to services that
/// are not among the manifests.
pub fn called_ports(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    section: Section,
) -> Option<BTreeSet<u32>> {
    let client = mesh_client(virtual_service);
    let mut ports = BTreeSet::new();
    for host in &virtual_service.hosts {
        let services = services_of(world, client, host);
        let is_wildcard = host::wildcard_suffix(host).is_some();
        if (is_wildcard || services.is_empty()) && !lists_services(world, virtual_service, host) {
            return None;
        }
        let all = services.iter().flat_map(|service| &service.ports);
        let mut of_host = all.filter(|port| port.protocol.class().sections().contains(&section)).peekable();
        // The listener exists if some service has it.
        let speaks_http =
            |service: &Service<'_>| service.port(HTTP_PORT).is_some_and(|port| port.protocol.may_be_http());
        if section == Section::Http
            && of_host.peek().is_none()
            && world.services.visible_from(client).into_iter().any(speaks_http)
        {
            ports.insert(HTTP_PORT);
        }
        ports.extend(of_host.map(|port| port.number));
    }
    Some(ports)
}

/// The namespace that stands for those of the sidecars which use a VirtualService: its own, or the first that it is
/// exported to.
fn mesh_client<'v>(virtual_service: &'v VirtualService<'_>) -> &'v str {
    let own = virtual_service.name.namespace.as_ref();
    match &virtual_service.export_to {
        ExportTo::Namespaces(listed) if !listed.contains(own) => listed.first().map_or(own, String::as_str),
        _ => own,
    }
}

/// The service that a destination of a VirtualService leads to, for the first clients that have it. A wildcard of a
/// ServiceEntry counts.
pub fn destination_service<'w, 'a>(
    world: &'w World<'a>,
    virtual_service: &VirtualService<'_>,
    host: &str,
) -> Option<&'w Service<'a>> {
    let own = virtual_service.name.namespace.as_ref();
    let clients = || world.presumed_client_namespaces(virtual_service);
    let found = world.services.covering(own, host);
    found.or_else(|| clients().iter().find_map(|client| world.services.routed_from(client, host)))
}

/// The ports of sidecars on which routes of a section can apply: those that clients call, and port 80 for `http`, whichever
/// ports the services have (istiod: `separateVSHostsAndServices`). `None` as for [`called_ports`].
pub fn sidecar_ports(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    section: Section,
) -> Option<BTreeSet<u32>> {
    let mut ports = called_ports(world, virtual_service, section)?;
    ports.extend((section == Section::Http).then_some(HTTP_PORT));
    Some(ports)
}

/// The services that clients of a namespace see and a host covers.
fn services_of<'w, 'a>(world: &'w World<'a>, namespace: &str, host: &str) -> Vec<&'w Service<'a>> {
    let mut services: Vec<&Service<'_>> = match host::wildcard_suffix(host) {
        None => world.services.seen_from(namespace, host).into_iter().collect(),
        Some(_) => {
            let seen = world.services.visible_from(namespace).into_iter();
            seen.filter(|service| host::covered_by(&service.hostname, host)).collect()
        }
    };
    services.retain(|service| service.external_name().is_none());
    services
}

/// Whether the manifests have all services of a host of a VirtualService.
fn lists_services(world: &World<'_>, virtual_service: &VirtualService<'_>, host: &Spanned<String>) -> bool {
    let (own, resource) = (virtual_service.name.namespace.as_ref(), virtual_service.resource);
    if host::wildcard_suffix(host).is_some() {
        return world.inventory.is_complete();
    }
    match Form::of(host, &world.settings.domain) {
        Form::Kubernetes { name, namespace } => {
            !world.makes_service(host) && world.expects_service(resource, name, namespace).is_ok()
        }
        Form::TwoLabels { .. } | Form::External => {
            let near = || world.would_have(Kind::ServiceEntry, resource, "", own);
            world.inventory.service_entry(own, host).and_then(|()| near()).is_ok()
        }
    }
}
