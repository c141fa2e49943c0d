//! `impossible-match`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::routing::{EnvoyRegex, takes_some_path};
use crate::source::Spanned;
use crate::uri::split_port;
use crate::world::{NamespacedName, RouteMatch, Server, VirtualService, World, host, resolve_gateway_name};

pub static RULE: Rule = rule! {
    name: "impossible-match",
    aliases: [],
    severity: Warning,
    summary: "a match that no request meets: of a Gateway or port that is not asked, of what no path or method looks like",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in &world.virtual_services {
        service.matches().for_each(|it| check_place(world, service, &it, diagnostics));
        for entry in service.spec.http.iter().flat_map(|rule| &rule.r#match) {
            check_texts(service, entry, diagnostics);
        }
    }
}

fn check_place(world: &World<'_>, service: &VirtualService<'_>, place: &RouteMatch<'_>, diagnostics: &mut Diagnostics) {
    // A delegate applies wherever the rules do that delegate to it.
    if service.is_delegate() {
        return;
    }
    let mut all_bound = true;
    for written in place.gateways {
        let name = resolve_gateway_name(written, &service.name.namespace);
        if service.bound_to.iter().any(|bound| bound.gateway == name) {
            continue;
        }
        all_bound = false;
        // One that does not exist is reported as that.
        if name.as_ref().is_none_or(|name| world.gateway(name).is_some()) {
            let own = service.bound_to.iter().find_map(|bound| bound.span);
            let diagnostic = diagnostics.report_default(
                written.span,
                format!(
                    "this VirtualService is not bound to {}, so no request there is held against this",
                    written.value
                ),
            );
            match own {
                Some(own) => diagnostic.related(own, "it is bound to this"),
                None => diagnostic.label("without gateways it is bound to mesh only"),
            };
            diagnostic.help(format!("add {} to gateways of the VirtualService, or remove it here", written.value));
        }
    }
    if let Some(port) = place.port.filter(|_| all_bound) {
        check_port(world, service, place, port, diagnostics);
    }
}

/// A port is that of a Gateway's server, or of the service in the mesh; never that of a workload.
fn check_port(
    world: &World<'_>,
    service: &VirtualService<'_>,
    place: &RouteMatch<'_>,
    port: Spanned<u32>,
    diagnostics: &mut Diagnostics,
) {
    let mut known: Vec<u32> = Vec::new();
    for bound in service.bound_to.iter().filter(|bound| place.applies_at(bound.gateway.as_ref())) {
        match ports_of(world, service, bound.gateway.as_ref()) {
            Some(ports) => known.extend(ports),
            None => return,
        }
    }
    known.sort_unstable();
    known.dedup();
    if !known.is_empty() && !known.contains(&port.value) {
        let list = known.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        diagnostics
            .report_default(port.span, format!("no request comes in on port {}, only on {list}", port.value))
            .help("name the port of the Gateway's server, or of the service in the mesh, not that of the workload");
    }
}

/// The ports on which requests for a VirtualService come in. `None`: the manifests do not tell.
fn ports_of(world: &World<'_>, service: &VirtualService<'_>, gateway: Option<&NamespacedName<'_>>) -> Option<Vec<u32>> {
    let Some(name) = gateway else {
        let namespace = &service.name.namespace;
        // On port 80 sidecars route for hosts that are no services as well.
        let mut ports = vec![80];
        for host in &service.hosts {
            let found = world.services.seen_from(namespace, host)?;
            if host::wildcard_suffix(host).is_some() || world.is_ambiguous(found.resource) {
                return None;
            }
            ports.extend(world.services.named(host).flat_map(|it| &it.ports).map(|port| port.number));
        }
        return Some(ports);
    };
    let gateway = world.gateway(name).filter(|gateway| !world.is_ambiguous(gateway.resource))?;
    Some(gateway.servers.iter().filter_map(Server::port_number).collect())
}

fn check_texts(service: &VirtualService<'_>, entry: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    if let Some(uri) = &entry.uri {
        check_path(uri, diagnostics);
    }
    if let Some(method) = entry.method.as_ref().and_then(plain_text)
        && method.bytes().any(|byte| byte.is_ascii_lowercase())
    {
        let upper = method.to_ascii_uppercase();
        diagnostics
            .report_default(method.span, format!("methods are compared with their case, and {upper} is in capitals"))
            .help(format!("write {upper}"));
    }
    let scheme = entry.scheme.as_ref().filter(|scheme| scheme.prefix.is_none()).and_then(plain_text);
    if let Some(scheme) = scheme.filter(|scheme| !["http", "https"].contains(&scheme.as_str())) {
        diagnostics
            .report_default(scheme.span, format!("no request has the scheme {:?}", scheme.value))
            .help("write http or https");
    }
    for (name, value) in entry.without_headers.iter() {
        if let Some(regex) = value.regex.as_ref().filter(|regex| regex.as_str() == ".*") {
            diagnostics
                .report_default(
                    regex.span,
                    format!("this is never so: a missing {} is compared as an empty text, which matches", name.value),
                )
                .help("write {} to ask that the header is not there");
        }
    }
    check_authority(service, entry, diagnostics);
}

fn check_path(uri: &StringMatch, diagnostics: &mut Diagnostics) {
    if let Some(regex) = &uri.regex {
        let is_impossible = EnvoyRegex::new(regex).ok().and_then(|regex| takes_some_path(&regex)) == Some(false);
        if is_impossible {
            diagnostics
                .report_default(regex.span, "no path matches this expression as a whole")
                .help("a path begins with a slash, and the query is no part of it");
        }
        return;
    }
    let Some(text) = plain_text(uri) else { return };
    let is_pattern = text.contains(['*', '^']);
    if uri.prefix.is_some() && text.is_empty() || is_pattern {
        return;
    }
    let (message, help) = match text.as_str() {
        path if !path.starts_with('/') => {
            ("a path begins with a slash, so this is never met", format!("write /{path}"))
        }
        path if path.contains('?') => {
            ("the query is no part of the path, so this is never met", "match parameters by queryParams".to_owned())
        }
        path if path.contains('#') => {
            ("clients do not send fragments, so this is never met", "remove what follows the #".to_owned())
        }
        path if path.contains(' ') => {
            ("paths have no spaces, so this is never met", format!("write {}", path.replace(' ', "%20")))
        }
        _ => return,
    };
    diagnostics.report_default(text.span, message).help(help);
}

/// At a Gateway only requests for the hosts of the VirtualService are held against its rules.
fn check_authority(service: &VirtualService<'_>, entry: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    let exact = entry.authority.as_ref().filter(|authority| authority.prefix.is_none()).and_then(plain_text);
    let Some(authority) = exact.filter(|_| !service.is_delegate() && !service.binds_mesh()) else { return };
    let (name, _) = split_port(authority);
    let lower = name.to_ascii_lowercase();
    let is_own = |host: &Spanned<String>| host::overlap(&host.to_ascii_lowercase(), &lower);
    if !name.contains('*') && !service.hosts.iter().any(is_own) {
        let hosts: Vec<&str> = service.hosts.iter().map(|host| host.as_str()).collect();
        diagnostics
            .report_default(
                authority.span,
                format!("requests for {name} do not come here: the hosts are {}", hosts.join(", ")),
            )
            .help("add it to hosts, or remove this condition");
    }
}

/// What is compared as a text.
fn plain_text(written: &StringMatch) -> Option<&Spanned<String>> {
    written.prefix.as_ref().or(written.exact.as_ref()).filter(|_| written.regex.is_none())
}
