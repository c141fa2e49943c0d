//! `unreachable-route`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule, Severity};
use crate::model::networking::{HttpMatchRequest, HttpRoute, StringMatch};
use crate::source::Span;
use crate::validate::{Family, Violation};
use crate::world::VirtualService;

pub static RULE: Rule = rule! {
    name: "unreachable-route",
    aliases: ["IST0130", "IST0131"],
    severity: Error,
    summary: "a route that never gets a request, because an earlier one takes them all",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for service in &context.world.virtual_services {
        check_http(service, findings);
        check_tcp(service, findings);
    }
    check_overlaps(context, findings);
}

/// Single matches that earlier ones take, as istiod warns of them, but for those within what was reported already.
fn check_overlaps(context: &Context<'_>, findings: &mut Findings) {
    let reported: Vec<Span> = findings.spans().collect();
    let is_meant = |violation: &&Violation| {
        matches!(violation.id, "UW-3" | "UW-5") && !reported.iter().any(|span| span.contains(violation.span))
    };
    for violation in context.violations(Family::Unreachable).filter(is_meant) {
        let diagnostic = findings.report(violation.span, &violation.message).severity(Severity::Warning);
        diagnostic.help.clone_from(&violation.help);
        if let Some((span, what)) = violation.related {
            diagnostic.related(span, what);
        }
    }
}

/// istiod cuts off everything behind the first route that takes every request (istiod: `IsCatchAllRoute`).
fn check_http(service: &VirtualService<'_>, findings: &mut Findings) {
    let rules = &service.spec.http;
    let Some((index, catch_all)) = rules.iter().enumerate().find_map(|(index, rule)| Some((index, catch_all(rule)?))) else {
        return;
    };
    if let Some(entry) = rules[index].r#match.iter().skip_while(|entry| entry.span != catch_all).nth(1) {
        findings
            .report(entry.span, "this match is never reached")
            .related(catch_all, "this one takes every request")
            .help("remove it; the matches of a rule are alternatives");
    }
    for rule in &rules[index + 1..] {
        findings
            .report(rule.span, "this route never gets a request")
            .related(catch_all, "this one takes every request")
            .help("move it before the route that takes everything, or remove it");
    }
}

/// The part of a rule that takes every request on every proxy. A rule that delegates takes only what the matches of
/// its delegate leave of it.
fn catch_all(rule: &HttpRoute) -> Option<Span> {
    if rule.delegate.is_some() {
        return None;
    }
    if rule.r#match.is_empty() {
        return Some(rule.span);
    }
    rule.r#match.iter().find(|entry| takes_everything(entry)).map(|entry| entry.span)
}

fn takes_everything(entry: &HttpMatchRequest) -> bool {
    let any_path = entry.uri.as_ref().is_none_or(is_any_path);
    let no_condition = entry.scheme.is_none()
        && entry.method.is_none()
        && entry.authority.is_none()
        && entry.headers.is_empty()
        && entry.without_headers.is_empty()
        && entry.query_params.is_empty();
    // These three hold for some proxies and ports only.
    let everywhere = entry.port.is_none()
        && entry.gateways.is_empty()
        && entry.source_labels.is_empty()
        && entry.source_namespace.as_ref().is_none_or(|namespace| namespace.is_empty());
    any_path && no_condition && everywhere
}

fn is_any_path(uri: &StringMatch) -> bool {
    let is = |member: &Option<crate::source::Spanned<String>>, text: &str| {
        member.as_ref().is_some_and(|value| value.as_str() == text)
    };
    is(&uri.regex, ".*") || (uri.regex.is_none() && (is(&uri.prefix, "/") || is(&uri.prefix, "")))
}

fn check_tcp(service: &VirtualService<'_>, findings: &mut Findings) {
    let mut catch_all: Option<Span> = None;
    for rule in &service.spec.tcp {
        if let Some(earlier) = catch_all {
            findings
                .report(rule.span, "this route never gets a connection")
                .related(earlier, "this one takes every connection")
                .help("move it before the route that takes everything, or remove it");
        } else if rule.r#match.is_empty() {
            catch_all = Some(rule.span);
        }
    }
}
