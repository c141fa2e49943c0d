//! `invalid-delegate`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "invalid-delegate",
    aliases: [],
    severity: Error,
    summary: "a VirtualService that others delegate to although it has hosts: the rules that delegate are dropped",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut reported: BTreeSet<Span> = BTreeSet::new();
    for service in world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for delegate in service.spec.http.iter().filter_map(|rule| rule.delegate.as_ref()) {
            let Some(target) = world.virtual_service(&service.delegate_name(delegate)) else { continue };
            let Some(hosts) = target.hosts.iter().map(|host| host.span).reduce(Span::to) else { continue };
            if !context.is_definite(target.resource, diagnostics) || !reported.insert(hosts) {
                continue;
            }
            let also = if target.spec.gateways.is_empty() { "hosts" } else { "hosts and gateways" };
            diagnostics
                .report_default(
                    hosts,
                    format!("nothing can be delegated to VirtualService {}: it has {also}", target.name),
                )
                .related(delegate.span, format!("{} delegates to it", service.name))
                .help(format!("remove its {also}, or route to its destinations instead"));
        }
    }
}
