//! Notes about routes with placeholders. Their values are not known yet, so neither is the answer.

use crate::load::is_in_text;
use crate::model::wording::first;
use crate::model::{Resource, Spec};
use crate::routing::{ClauseAction, HttpRequest, ProxyListener, TcpProxy, VirtualHost};
use crate::world::World;

/// The `http` routes with placeholders, up to the one that takes the request.
pub(super) fn in_routes(world: &World<'_>, host: &VirtualHost<'_>, request: &HttpRequest<'_>) -> Vec<String> {
    let placeholders = &world.snapshot.placeholders;
    let mut notes = Vec::new();
    if placeholders.is_empty() {
        return notes;
    }
    for clause in host.clauses.iter().filter(|clause| clause.is_live()) {
        let takes = clause.takes(request);
        if let ClauseAction::Route(route) = &clause.action {
            let place =
                format!("`http[{}]` of VirtualService `{}`", route.owner.index, route.owner.virtual_service.name);
            // A known condition that does not hold decides.
            let is_certain = clause.conditions.iter().any(|it| !it.holds(request) && !is_in_text(&it.wanted()));
            if clause.route_match.is_some_and(|(_, span)| placeholders.touch(span)) {
                if !is_certain {
                    notes.push(format!("a match of {place} has placeholders, so it is unknown whether it matches"));
                }
            } else if takes && placeholders.touch(route.owner.span) {
                notes.push(format!("{place} has placeholders, so a part of the answer is unknown"));
            }
        }
        if takes {
            break;
        }
    }
    notes
}

/// The `tcp` and `tls` routes with placeholders, up to the one that takes the connection.
pub(super) fn in_listener(
    world: &World<'_>,
    listener: &ProxyListener<'_>,
    taken: Option<&TcpProxy<'_>>,
) -> Vec<String> {
    let placeholders = &world.snapshot.placeholders;
    let mut notes = Vec::new();
    if placeholders.is_empty() {
        return notes;
    }
    let deciding = taken.and_then(|tcp| tcp.route).map(|route| (route.span, route.route_match));
    for considered in listener.considered.iter().filter(|it| it.exclusion.is_none()) {
        let route = &considered.route;
        if placeholders.touch(route.span) {
            let (section, name) = (route.section.name(), &route.virtual_service.name);
            let index = route.index;
            notes.push(format!(
                "`{section}[{index}]` of VirtualService `{name}` has placeholders, so it is unknown what it does"
            ));
        }
        if deciding == Some((route.span, route.route_match)) {
            break;
        }
    }
    notes
}

/// The VirtualServices that may have routes for any host, because their hosts or namespaces have placeholders.
pub(super) fn of_unknown_hosts(world: &World<'_>) -> Vec<String> {
    const MOST: usize = 3;
    let placeholders = &world.snapshot.placeholders;
    let may_have_any_host = |resource: &&Resource| match &resource.spec {
        Spec::VirtualService(spec) => {
            placeholders.hide_namespace(resource) || spec.hosts.iter().any(|host| placeholders.touch(host.span))
        }
        _ => false,
    };
    if placeholders.is_empty() {
        return Vec::new();
    }
    let resources = world.snapshot.resources();
    let names: Vec<&str> = resources.filter(may_have_any_host).map(Resource::name).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let shown = first(&names, MOST);
    vec![format!("VirtualServices with placeholders may route this host: {shown}")]
}
