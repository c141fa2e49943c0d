//! `invalid-regex` in routes of the Gateway API, which neither the API server nor istiod checks.

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::{Certainty, Context, Diagnostics, Finding, Harm, Rule};
use crate::model::networking::{HttpRoute, StringMatch};
use crate::routing::{EnvoyRegex, Matcher};
use crate::source::{Span, Spanned};
use crate::validate::{re2_help, rejection};
use crate::world::{Origin, VirtualService};

/// Envoy rejects the routes.
pub(super) const REJECTED_BY_PROXY: Finding = Finding {
    name: "rejected-by-proxy",
    harm: Harm::Refused,
    certainty: Certainty::Certain,
    aliases: &[],
    summary: "Envoy rejects all routes of the port, because a Gateway API route has the expression",
};

/// Checks the routes that are attached to a Gateway or a Service of the mesh. Other controllers may use another syntax.
pub(super) fn check(rule: &Rule, context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let finding = rule.findings.iter().copied().find(|finding| finding.name == REJECTED_BY_PROXY.name);
    let Some(finding) = finding else { return };
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let derived = context.world.derived.virtual_services.iter();
    for virtual_service in derived.filter(|it| it.origin == Origin::GatewayApi) {
        for regex in virtual_service.spec.http.iter().flat_map(regexes) {
            if seen.insert(regex.span) {
                check_regex(finding, regex, virtual_service, context, diagnostics);
            }
        }
    }
}

/// The regular expressions of the matches of a route. The value `*` of a header or parameter tests for presence.
fn regexes(route: &HttpRoute) -> Vec<&Spanned<String>> {
    let mut found = Vec::new();
    for entry in &route.r#match {
        let path = entry.uri.iter();
        let others = entry.headers.iter().chain(entry.query_params.iter()).map(|(_, written)| written);
        found.extend(path.filter_map(|written| written.regex.as_ref()));
        found.extend(others.filter(|written| !tests_presence(written)).filter_map(|written| written.regex.as_ref()));
    }
    found
}

fn tests_presence(written: &StringMatch) -> bool {
    matches!(Matcher::new(written), Matcher::Present)
}

fn check_regex(
    finding: &'static Finding,
    regex: &Spanned<String>,
    virtual_service: &VirtualService<'_>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) {
    let proxies = match virtual_service.bound_to.iter().any(|bound| bound.gateway.is_some()) {
        true => "the gateway",
        false => "sidecars",
    };
    let effect = format!("{proxies} cannot load any route of the port");
    if regex.is_empty() {
        let edit = Edit::set(regex.span, ".*");
        diagnostics
            .report(finding, regex.span, format!("the regular expression is empty, so {effect}"))
            .help(Advice::new(format!("write {edit} to match any text")).fix([edit]));
    } else if let Err(error) = EnvoyRegex::new(regex) {
        let message = format!("{}, so {effect}", rejection(&error));
        // The expression for a gRPC method is not written anywhere.
        let is_written = context.snapshot.sources.text(regex.span).contains(regex.as_str());
        let span = if is_written { context.part_of(regex.span, error.range) } else { regex.span };
        diagnostics.report(finding, span, message).help(re2_help(regex));
    }
}
