//! `invalid-delegate`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "invalid-delegate",
    summary: "a route delegates to a VirtualService that has hosts, so istiod drops the route",
    findings: [&HAS_HOSTS],
    check: check,
};

static HAS_HOSTS: Finding = finding! {
    "has-hosts", Lost, Certain, [],
    "the delegate has hosts",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut reported: BTreeSet<Span> = BTreeSet::new();
    for root in world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for delegate in root.spec.http.iter().filter_map(|route| route.delegate.as_ref()) {
            let Some(target) = world.virtual_service(&root.delegate_name(delegate)) else { continue };
            let Some(hosts) = target.hosts.iter().map(|host| host.span).reduce(Span::to) else { continue };
            if !context.is_definite(target.resource, diagnostics) || !reported.insert(hosts) {
                continue;
            }
            let fields = if target.spec.gateways.is_empty() { "`hosts`" } else { "`hosts` and `gateways`" };
            let message = format!(
                "istiod drops routes that delegate to VirtualService `{}`, because it has `hosts`",
                target.name
            );
            diagnostics
                .report(&HAS_HOSTS, hosts, message)
                .related(delegate.span, format!("VirtualService `{}` delegates to `{}`", root.name, target.name))
                .help(format!("remove {fields}, or route to the destinations of `{}` instead", target.name));
        }
    }
}
