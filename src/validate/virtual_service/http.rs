//! Rules of `http` (istio: `validateHTTPRoute`).

use super::http_actions as actions;
use super::{Scope, fault, headers, http_match, l4, retry};
use crate::model::networking::HttpRoute;
use crate::source::Span;
use crate::validate::Family;
use crate::validate::common::{destination, duration};
use crate::validate::violation::Found;

pub(super) fn check(route: &HttpRoute, scope: Scope<'_>, found: &mut Found<'_>) {
    match &route.delegate {
        Some(delegate) if !scope.is_delegate => check_delegating(route, found, delegate.span),
        delegate => {
            if let Some(delegate) = delegate {
                found
                    .error("HR-3", Family::ConflictingFields, delegate.span, "a delegate cannot delegate further")
                    .help("write a route, or name hosts in this VirtualService");
            }
            check_exclusive(route, found);
        }
    }
    for entry in &route.r#match {
        http_match::check(entry, scope, found);
    }
    if let Some(changes) = &route.headers {
        headers::check(changes, found);
    }
    headers::check_authority(route, found);
    if let Some(cors) = &route.cors_policy {
        actions::check_cors(cors, found);
    }
    if let Some(fault) = &route.fault {
        fault::check(fault, found);
    }
    actions::check_mirrors(route, found);
    if let Some(redirect) = &route.redirect {
        actions::check_redirect(redirect, &route.r#match, found);
    }
    if let Some(response) = &route.direct_response {
        actions::check_direct_response(response, found);
    }
    if let Some(retries) = &route.retries {
        retry::check(retries, found);
    }
    if let Some(rewrite) = &route.rewrite {
        actions::check_rewrite(rewrite, found);
    }
    check_destinations(route, scope, found);
    duration::check(route.timeout, "TO-1", found);
}

/// A rule that delegates leaves to its delegate what is done.
fn check_delegating(route: &HttpRoute, found: &mut Found<'_>, delegate: Span) {
    const HELP: &str = "write it in the VirtualService that is delegated to, or remove delegate";
    let mut refuse = |id, span, what: &str| {
        let message = format!("a rule that delegates takes no {what}");
        found.error(id, Family::ConflictingFields, span, message).help(HELP).related(delegate, "it delegates here");
    };
    if let Some(redirect) = &route.redirect {
        refuse("HR-1", redirect.span, "redirect");
    }
    if let Some(first) = route.route.first() {
        refuse("HR-2", first.span, "route");
    }
}

/// A rule does one thing.
fn check_exclusive(route: &HttpRoute, found: &mut Found<'_>) {
    let routed = route.route.first().map(|first| first.span);
    let fault = route.fault.as_ref().map(|fault| fault.span);
    let rewrite = route.rewrite.as_ref().map(|rewrite| rewrite.span);
    let response = route.direct_response.as_ref().map(|response| response.span);
    let mut refuse = |id, other: Option<Span>, what: &str, main: Span, does: &str, mark: &'static str| {
        let Some(span) = other else { return };
        found
            .error(id, Family::ConflictingFields, span, format!("a rule that {does} takes no {what}"))
            .help("remove one of them, or make it two rules")
            .related(main, mark);
    };
    if let Some(redirect) = &route.redirect {
        let others = [
            ("HR-4", routed, "route"),
            ("HR-5", fault, "fault"),
            ("HR-6", rewrite, "rewrite"),
            ("HR-7", response, "directResponse"),
        ];
        for (id, other, what) in others {
            refuse(id, other, what, redirect.span, "redirects", "it redirects here");
        }
    } else if let Some(response) = response {
        for (id, other, what) in [("HR-8", routed, "route"), ("HR-9", fault, "fault"), ("HR-10", rewrite, "rewrite")] {
            refuse(id, other, what, response, "responds directly", "it responds here");
        }
    } else if routed.is_none() {
        found
            .error("HR-11", Family::MissingField, route.span, "this rule does nothing with the requests it takes")
            .help("add route, redirect or directResponse");
    }
    if let (Some(mirror), Some(first)) = (&route.mirror, route.mirrors.first()) {
        found
            .error("HR-12", Family::ConflictingFields, mirror.span, "mirror and mirrors exclude each other")
            .help("move it into mirrors")
            .related(first.span, "mirrors are here");
    }
}

fn check_destinations(route: &HttpRoute, scope: Scope<'_>, found: &mut Found<'_>) {
    for entry in &route.route {
        match &entry.destination {
            Some(target) if !scope.is_generated => destination::check(target, found),
            Some(_) => {}
            None => l4::lacks_destination(entry.span, found),
        }
        if let Some(changes) = &entry.headers {
            headers::check(changes, found);
        }
    }
    l4::check_weights(route.route.iter().map(|entry| (entry.span, entry.weight)), found);
}
