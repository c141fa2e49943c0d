//! `ignored-session-persistence`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "ignored-session-persistence",
    summary: "istiod ignores `sessionPersistence` of a Gateway API route",
    findings: [&IGNORED],
    check: check,
};

static IGNORED: Finding = finding! {
    "ignored", Surprising, Certain, [],
    "Istio does not support `sessionPersistence`, so any pod gets a request of a session",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for source in context.world.derived.virtual_services.iter().flat_map(|it| &it.sources) {
        let sessions = match &source.resource.spec {
            Spec::HttpRoute(route) => route.rules.get(source.rule).and_then(|rule| rule.session_persistence.as_ref()),
            Spec::GrpcRoute(route) => route.rules.get(source.rule).and_then(|rule| rule.session_persistence.as_ref()),
            _ => None,
        };
        if let Some(sessions) = sessions.filter(|sessions| seen.insert(sessions.span)) {
            let edit = Edit::remove(sessions.span).of("sessionPersistence");
            let help = format!("remove {edit}; a DestinationRule with `loadBalancer.consistentHash` keeps sessions");
            let help = Advice::new(help).fix([edit]);
            diagnostics
                .report(
                    &IGNORED,
                    sessions.span,
                    "istiod ignores `sessionPersistence`, so any pod gets a request of a session",
                )
                .help(help);
        }
    }
}
