//! `replaced-timeout`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "replaced-timeout",
    summary: "the backend timeout of an HTTPRoute replaces the request timeout",
    findings: [&REPLACED],
    check: check,
};

static REPLACED: Finding = finding! {
    "replaced", Surprising, Certain, [],
    "`backendRequest` is the timeout of the whole request, because the rule has no `retry`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for source in context.world.derived.virtual_services.iter().flat_map(|it| &it.sources) {
        let Spec::HttpRoute(route) = &source.resource.spec else { continue };
        let Some(rule) = route.rules.get(source.rule).filter(|rule| rule.retry.is_none()) else { continue };
        let Some(timeouts) = rule.timeouts.as_ref().filter(|timeouts| seen.insert(timeouts.span)) else { continue };
        let (Some(request), Some(backend)) = (timeouts.request, timeouts.backend_request) else { continue };
        let [of_request, of_backend] = [request, backend].map(|timeout| timeout.nanoseconds());
        if of_backend == 0 || of_backend == of_request {
            continue;
        }
        let text = |span| context.snapshot.sources.text(span).trim_matches(['"', '\'']);
        let message = format!(
            "requests end after {}, because `backendRequest` replaces `request` in a rule without `retry`",
            text(backend.span)
        );
        let remove = |span, field| Edit::remove(span).of(field);
        let edits = [remove(request.span, "request"), remove(backend.span, "backendRequest")];
        let help = Advice::new(format!("remove {}, or remove {}", edits[0], edits[1]));
        let [of_request, of_backend] = edits;
        diagnostics
            .report(&REPLACED, backend.span, message)
            .related(request.span, "istiod ignores this timeout")
            .help(help.option([of_request]).option([of_backend]));
    }
}
