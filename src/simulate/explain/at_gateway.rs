//! Hints on a host that a gateway does not route: what its servers serve, the routes that do not reach them, and other
//! Gateways.

use std::collections::BTreeSet;

use super::nearest::Missing;
use super::place;
use crate::model::Spec;
use crate::model::spelling::misspelt_host;
use crate::model::wording::ports;
use crate::simulate::gateway_workload::GatewayWorkload;
use crate::source::{Span, Spanned};
use crate::world::{Gateway, Ignored, Server, VirtualService, host};

impl<'a> Missing<'_, 'a> {
    /// The Gateways that the request can mean: those of the resource that it names, else those of the workload.
    fn gateways(&self) -> Vec<&Gateway<'a>> {
        let world = self.world;
        match self.question.gateway.and_then(|name| world.gateway_named(&world.gateway_name(name))) {
            Some(named) => world.gateways_beside(named),
            None => world.all_gateways().into_iter().filter(|it| self.is_of_workload(it)).collect(),
        }
    }

    /// Whether the proxy is the workload of a Gateway.
    fn is_of_workload(&self, gateway: &Gateway<'_>) -> bool {
        let proxy = &self.seen.compiled.proxy;
        let workload = GatewayWorkload::named(self.world, &gateway.name.to_string());
        proxy.is_gateway() && workload.is_ok_and(|it| it.namespace == proxy.namespace && it.labels == proxy.labels)
    }

    /// The servers of the gateway: their ports, and their hosts at the port of the request.
    pub(super) fn servers(&self, wanted: &str) -> Vec<String> {
        let port = self.question.port;
        let all = self.gateways();
        let Some(gateway) = all.first() else { return Vec::new() };
        let servers = || all.iter().flat_map(|gateway| gateway.servers.iter().map(move |server| (*gateway, server)));
        let numbers: BTreeSet<u32> = servers().filter_map(|(_, server)| server.port_number()).collect();
        let (name, at) = (gateway.written_name(), place(self.world, gateway.resource.span));
        if !numbers.contains(&port) && self.seen.listener.is_none() {
            return vec![format!("Gateway `{name}` ({at}) has servers at {}, none at port {port}", ports(numbers))];
        }
        let here: Vec<_> = servers().filter(|(_, server)| server.port_number() == Some(port)).collect();
        let serving: Vec<_> = here.iter().copied().filter(|(_, server)| covers(server, wanted)).collect();
        if serving.is_empty() {
            let hosts: BTreeSet<&str> =
                here.iter().flat_map(|(_, server)| &server.hosts).map(|it| it.host.as_str()).collect();
            let mut hints = vec![format!("port {port} of Gateway `{name}` ({at}) does not serve host `{wanted}`")];
            hints.extend(self.similar_or_all(wanted, &hosts, "it serves"));
            return hints;
        }
        let routed = self.routed_by(&serving);
        if routed.iter().any(|own| host::covered_by(wanted, own)) {
            return self.other_server_names(wanted);
        }
        let mut hints = vec![match routed.is_empty() {
            true => format!("no route is for port {port}"),
            false => format!("no route of Gateway `{name}` ({at}) is for host `{wanted}`"),
        }];
        let obstacles: Vec<String> =
            self.routes_for(wanted).filter_map(|it| self.obstacle(it, wanted, &serving)).collect();
        match obstacles.is_empty() {
            true => hints.extend(self.similar_or_all(wanted, &routed, "its routes are for")),
            false => hints.extend(obstacles.into_iter().take(self.most)),
        }
        hints
    }

    /// The server names of the `tls` routes of the listener, none of which is that of the connection.
    fn other_server_names(&self, wanted: &str) -> Vec<String> {
        let Some(listener) = self.seen.listener.filter(|_| self.seen.chain.is_none()) else { return Vec::new() };
        let routes = listener.considered.iter().filter(|it| it.exclusion.is_none());
        let names: BTreeSet<&str> = routes.flat_map(|it| &it.server_names).map(String::as_str).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let mut hints = vec![format!("no `tls` route at port {} has server name `{wanted}`", self.question.port)];
        hints.extend(self.similar_or_all(wanted, &names, "they have"));
        hints
    }

    fn similar_or_all(&self, wanted: &str, known: &BTreeSet<&str>, words: &str) -> Option<String> {
        // Nobody can dial a wildcard.
        if let Some(wildcard) = known.iter().find(|own| own.strip_prefix("*.") == Some(wanted)) {
            return Some(format!("`{wildcard}` does not include `{wanted}`"));
        }
        let names = known.iter().copied().filter(|own| host::wildcard_suffix(own).is_none());
        match misspelt_host(wanted, names) {
            Some(similar) => Some(format!("did you mean `{similar}`?")),
            None => self.listed(&known.iter().collect::<Vec<_>>(), words),
        }
    }

    /// The hosts of the routes that servers use.
    fn routed_by(&self, servers: &[(&Gateway<'a>, &Server<'a>)]) -> BTreeSet<&str> {
        let all = self.world.all_virtual_services();
        let is_used = |it: &&VirtualService<'a>| servers.iter().any(|server| self.is_used_by(it, *server));
        all.filter(is_used).flat_map(|it| &it.hosts).map(|host| host.value.as_str()).collect()
    }

    /// Whether a server uses the routes of a VirtualService, for the hosts that both have.
    fn is_used_by(&self, it: &VirtualService<'_>, (gateway, server): (&Gateway<'_>, &Server<'_>)) -> bool {
        it.binds(&gateway.name)
            && server.takes_routes_of(it)
            && it.hosts.iter().any(|host| server.serves(&host.value, &it.name.namespace))
            && it.export_to.includes(&self.seen.compiled.proxy.namespace)
    }

    /// The VirtualServices for a host, but for those for all hosts.
    fn routes_for<'s>(&'s self, wanted: &'s str) -> impl Iterator<Item = &'s VirtualService<'a>> {
        let all = self.world.all_virtual_services();
        all.filter(move |it| host_for(&it.hosts, wanted).is_some())
    }

    /// The reason why servers for a host do not use a VirtualService for it.
    fn obstacle(
        &self,
        it: &VirtualService<'a>,
        wanted: &str,
        serving: &[(&Gateway<'a>, &Server<'a>)],
    ) -> Option<String> {
        let world = self.world;
        let (kind, name) = (it.resource.kind.name(), it.resource.name());
        let at = place(world, host_for(&it.hosts, wanted)?);
        let named =
            format!("{kind} `{}/{name}` ({at}) is for this host, but", world.settings.namespace_of(it.resource));
        let written = serving.first()?.0.written_name();
        let bound = it.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
        let gateways: Vec<_> = bound.map(|name| (name, world.gateway_named(name))).collect();
        let is_here = |gateway: &Gateway<'_>| gateway.written_name() == written;
        if !gateways.iter().any(|(_, gateway)| gateway.is_some_and(is_here)) {
            return Some(match gateways.first() {
                None => format!("{named} no Gateway is among its `gateways`"),
                Some((missing, None)) => format!("{named} is bound to Gateway `{missing}`, which does not exist"),
                Some((_, Some(other))) => format!("{named} is bound to Gateway `{}`", other.written_name()),
            });
        }
        let own = &it.name.namespace;
        let hosts = || serving.iter().flat_map(|(_, server)| &server.hosts);
        let mut covering = hosts().filter(|own| host::covered_by(wanted, &own.host));
        if let Some(refusing) = covering.clone().next().filter(|_| !covering.any(|host| host.admits(own))) {
            let at = place(world, refusing.span);
            return Some(format!("{named} the server ({at}) does not allow routes of namespace `{own}`"));
        }
        let section = serving.iter().find_map(|(_, server)| server.section())?;
        if !serving.iter().any(|(_, server)| server.takes_routes_of(it)) {
            return Some(format!("{named} the server uses `{}` routes, which it does not have", section.name()));
        }
        if !it.export_to.includes(&self.seen.compiled.proxy.namespace) {
            return Some(format!("{named} its `exportTo` hides it from the gateway"));
        }
        Some(format!("{named} is not bound to this server"))
    }

    /// The routes for a host that istiod ignores, or whose parents do not take them.
    pub(super) fn ignored_routes(&self, wanted: &str) -> Vec<String> {
        let is_used = |ignored: &&Ignored<'_>| {
            let mut routes = self.routes_for(wanted).filter(|it| it.resource.span == ignored.resource.span);
            routes.next().is_some()
        };
        let hints = self.world.derived.ignored.iter().filter(|it| !is_used(it)).filter_map(|ignored| {
            let at = host_of(&ignored.resource.spec, wanted)?;
            let (kind, name) = (ignored.resource.kind.name(), ignored.resource.name());
            let namespace = self.world.settings.namespace_of(ignored.resource);
            let (at, why) = (place(self.world, at), &ignored.reason);
            Some(format!("{kind} `{namespace}/{name}` ({at}) is for this host, but istiod ignores it: {why}"))
        });
        hints.collect::<BTreeSet<_>>().into_iter().take(self.most).collect()
    }

    /// Gateways of other workloads that serve a host.
    pub(super) fn other_gateways(&self, wanted: &str) -> Vec<String> {
        let own: BTreeSet<String> = self.gateways().iter().map(|it| it.written_name().to_string()).collect();
        let serves = |gateway: &&Gateway<'_>| {
            let is_named = |server: &Server<'_>| {
                server.hosts.iter().any(|own| own.host != "*" && host::covered_by(wanted, &own.host))
            };
            gateway.servers.iter().any(is_named)
                && !own.contains(&gateway.written_name().to_string())
                && !self.is_of_workload(gateway)
        };
        let found = self.world.all_gateways().into_iter().filter(serves);
        let names: BTreeSet<String> = found.map(|gateway| gateway.written_name().to_string()).collect();
        let hint = |name: &String| format!("Gateway `{name}` serves this host: add `--gateway {name}`");
        names.iter().take(self.most).map(hint).collect()
    }
}

/// Whether a server serves a host.
fn covers(server: &Server<'_>, wanted: &str) -> bool {
    server.hosts.iter().any(|own| host::covered_by(wanted, &own.host))
}

/// The place of the host among those of a route that is for a host by name, or by a wildcard for some hosts.
fn host_for(hosts: &[Spanned<String>], wanted: &str) -> Option<Span> {
    let own = hosts.iter().find(|own| own.as_str() != "*" && host::covered_by(wanted, &own.value));
    own.map(|own| own.span)
}

/// The place of a host in a resource of another API.
fn host_of(spec: &Spec, wanted: &str) -> Option<Span> {
    match spec {
        Spec::Ingress(it) => it
            .rules
            .iter()
            .filter_map(|rule| rule.host.as_ref())
            .find_map(|own| host_for(std::slice::from_ref(own), wanted)),
        Spec::HttpRoute(it) => host_for(&it.hostnames, wanted),
        Spec::GrpcRoute(it) => host_for(&it.hostnames, wanted),
        Spec::TlsRoute(it) => host_for(&it.hostnames, wanted),
        _ => None,
    }
}
