//! `no-backend`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Resource, Spec};
use crate::source::{Span, Spanned};
use crate::world::{Origin, RuleSource, VirtualService};

pub static RULE: Rule = rule! {
    name: "no-backend",
    summary: "a rule of a Gateway API route has no backend for its requests, so they fail",
    findings: [&MISSING, &NO_WEIGHT],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Lost, Certain, [],
    "the rule has no backends, and does not redirect requests",
};
static NO_WEIGHT: Finding = finding! {
    "no-weight", Lost, Certain, [],
    "all backends of the rule have weight 0",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<(Span, usize)> = BTreeSet::new();
    for virtual_service in context.world.derived.virtual_services.iter().filter(|it| it.origin == Origin::GatewayApi) {
        for (index, source) in virtual_service.sources.iter().enumerate() {
            let is_redirect = virtual_service.spec.http.get(index).is_some_and(|route| route.redirect.is_some());
            if !is_redirect && seen.insert((source.resource.span, source.rule)) {
                check_rule(virtual_service, source, diagnostics);
            }
        }
    }
}

fn check_rule(virtual_service: &VirtualService<'_>, source: &RuleSource<'_>, diagnostics: &mut Diagnostics) {
    let resource = source.resource;
    let effect = match virtual_service.spec.http.is_empty() {
        true => "the proxy closes all of its connections",
        false => "all of its requests get status 500",
    };
    let Some((rule, weights)) = weights(resource, source.rule) else {
        let message = format!("{} `{}` has no `rules`, so {effect}", resource.kind.name(), resource.name());
        diagnostics.report(&MISSING, resource.name_span(), message).help("give the route a rule with `backendRefs`");
        return;
    };
    if weights.is_empty() {
        let help = match resource.kind {
            Kind::HttpRoute => "give the rule `backendRefs`, or a filter of type `RequestRedirect`",
            _ => "give the rule `backendRefs`",
        };
        diagnostics.report(&MISSING, rule, format!("the rule has no `backendRefs`, so {effect}")).help(help);
    } else if let Some(first) = weights[0].filter(|_| weights.iter().all(|it| it.is_some_and(|it| it.value == 0))) {
        diagnostics
            .report(&NO_WEIGHT, first.span, format!("all backends of the rule have weight 0, so {effect}"))
            .help("give a backend a weight above 0");
    }
}

/// The place of a rule, and the weights of its backends as written; `None` if it is the default rule of the API.
fn weights(resource: &Resource, rule: usize) -> Option<(Span, Vec<Option<Spanned<i32>>>)> {
    macro_rules! of {
        ($rules:expr) => {
            $rules.get(rule).map(|it| (it.span, it.backend_refs.iter().map(|backend| backend.weight).collect()))
        };
    }
    match &resource.spec {
        Spec::HttpRoute(route) => of!(route.rules),
        Spec::GrpcRoute(route) => of!(route.rules),
        Spec::TlsRoute(route) => of!(route.rules),
        Spec::TcpRoute(route) => of!(route.rules),
        _ => None,
    }
}
