//! HTTP routes (istio: `validateHTTPRoute`).

use super::http_actions as actions;
use super::{RouteScope, fault, headers, http_match, l4, retry};
use crate::model::networking::HttpRoute;
use crate::source::Span;
use crate::validate::Mistake;
use crate::validate::fields::{destination, duration};
use crate::validate::violation::Violations;

pub(super) fn check(route: &HttpRoute, scope: RouteScope<'_>, violations: &mut Violations<'_>) {
    match &route.delegate {
        Some(delegate) if !scope.is_delegate => check_delegating(route, violations, delegate.span),
        delegate => {
            if let Some(delegate) = delegate {
                violations
                    .error("HR-3", Mistake::ConflictingFields, delegate.span, "a delegate cannot have a delegate")
                    .help("write `route`, or add `hosts` to the VirtualService");
            }
            check_exclusive(route, violations);
        }
    }
    for route_match in &route.r#match {
        http_match::check(route_match, scope, violations);
    }
    if let Some(changes) = &route.headers {
        headers::check(changes, violations);
    }
    headers::check_authority(route, violations);
    if let Some(cors) = &route.cors_policy {
        actions::check_cors(cors, violations);
    }
    if let Some(fault) = &route.fault {
        fault::check(fault, violations);
    }
    actions::check_mirrors(route, violations);
    if let Some(redirect) = &route.redirect {
        actions::check_redirect(redirect, &route.r#match, violations);
    }
    if let Some(response) = &route.direct_response {
        actions::check_direct_response(response, violations);
    }
    if let Some(retries) = &route.retries {
        retry::check(retries, violations);
    }
    if let Some(rewrite) = &route.rewrite {
        actions::check_rewrite(rewrite, violations);
    }
    check_destinations(route, scope, violations);
    duration::check(route.timeout, "TO-1", violations);
}

/// Checks a route that delegates, which must leave all actions to the delegate.
fn check_delegating(route: &HttpRoute, violations: &mut Violations<'_>, delegate: Span) {
    const HELP: &str = "move it to the delegate VirtualService, or remove `delegate`";
    let mut reject = |id, span, field: &str| {
        let message = format!("a route with `delegate` cannot have `{field}`");
        violations
            .error(id, Mistake::ConflictingFields, span, message)
            .help(HELP)
            .related(delegate, "the route delegates here");
    };
    if let Some(redirect) = &route.redirect {
        reject("HR-1", redirect.span, "redirect");
    }
    if let Some(first) = route.route.first() {
        reject("HR-2", first.span, "route");
    }
}

/// Checks that a route has only one action.
fn check_exclusive(route: &HttpRoute, violations: &mut Violations<'_>) {
    let routed = route.route.first().map(|first| first.span);
    let fault = route.fault.as_ref().map(|fault| fault.span);
    let rewrite = route.rewrite.as_ref().map(|rewrite| rewrite.span);
    let response = route.direct_response.as_ref().map(|response| response.span);
    let mut reject = |id, other: Option<Span>, field: &str, main: Span, action: &str, label: &'static str| {
        let Some(span) = other else { return };
        violations
            .error(id, Mistake::ConflictingFields, span, format!("a route with `{action}` cannot have `{field}`"))
            .help("remove one of the two, or write two routes")
            .related(main, label);
    };
    if let Some(redirect) = &route.redirect {
        let others = [
            ("HR-4", routed, "route"),
            ("HR-5", fault, "fault"),
            ("HR-6", rewrite, "rewrite"),
            ("HR-7", response, "directResponse"),
        ];
        for (id, other, field) in others {
            reject(id, other, field, redirect.span, "redirect", "the route redirects here");
        }
    } else if let Some(response) = response {
        for (id, other, field) in [("HR-8", routed, "route"), ("HR-9", fault, "fault"), ("HR-10", rewrite, "rewrite")] {
            reject(id, other, field, response, "directResponse", "the route responds here");
        }
    } else if routed.is_none() {
        violations
            .error("HR-11", Mistake::MissingField, route.span, "the route has no action")
            .help("add `route`, `redirect` or `directResponse`");
    }
    if let (Some(mirror), Some(first)) = (&route.mirror, route.mirrors.first()) {
        violations
            .error("HR-12", Mistake::ConflictingFields, mirror.span, "`mirror` and `mirrors` exclude each other")
            .help("move `mirror` into `mirrors`")
            .related(first.span, "`mirrors` is here");
    }
}

fn check_destinations(route: &HttpRoute, scope: RouteScope<'_>, violations: &mut Violations<'_>) {
    for entry in &route.route {
        match &entry.destination {
            Some(target) if !scope.is_generated => destination::check(target, violations),
            Some(_) => {}
            None => l4::add_missing_destination(entry.span, violations),
        }
        if let Some(changes) = &entry.headers {
            headers::check(changes, violations);
        }
    }
    l4::check_weights(route.route.iter().map(|entry| (entry.span, entry.weight)), violations);
}
