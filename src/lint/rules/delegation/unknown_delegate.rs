//! `unknown-delegate`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::Delegate;
use crate::model::{Kind, nearest};
use crate::world::{Gap, NamespacedName, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "unknown-delegate",
    aliases: [],
    severity: Error,
    summary: "a rule that delegates to a VirtualService that does not exist, or is not exported to it: the rule is dropped",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for delegate in service.spec.http.iter().filter_map(|rule| rule.delegate.as_ref()) {
            let name = service.delegate_name(delegate);
            match world.virtual_service(&name) {
                Some(lender) => check_visible(service, delegate, lender, diagnostics),
                None => report_unknown(world, service, delegate, &name, diagnostics),
            }
        }
    }
}

/// A delegate has to be exported to the namespace of whatever delegates to it (istiod: `mergeVirtualServices`).
fn check_visible(
    service: &VirtualService<'_>,
    delegate: &Delegate,
    lender: &VirtualService<'_>,
    diagnostics: &mut Diagnostics,
) {
    let own = &service.name.namespace;
    if lender.export_to.includes(own) {
        return;
    }
    let place = lender.spec.export_to.first().map_or(lender.resource.name_span(), |entry| entry.span);
    diagnostics
        .report_default(delegate.span, format!("VirtualService {} is not exported to namespace {own}", lender.name))
        .related(place, "who sees it")
        .help(format!("add {own} to its exportTo"));
}

fn report_unknown(
    world: &World<'_>,
    service: &VirtualService<'_>,
    delegate: &Delegate,
    name: &NamespacedName<'_>,
    diagnostics: &mut Diagnostics,
) {
    let span = delegate.name.as_ref().map_or(delegate.span, |name| name.span);
    let mut others = world.virtual_services.iter().filter(|other| other.name != service.name);
    let message = format!("there is no VirtualService {name} to delegate to");
    // A delegate without a namespace is looked for in the root's own, which is easily forgotten.
    let elsewhere =
        others.clone().filter(|other| other.name.name == name.name).min_by_key(|other| !other.is_delegate());
    let is_short = delegate.namespace.is_none();
    let has_others = others.any(|other| other.name.namespace == name.namespace);
    match elsewhere.filter(|_| is_short || has_others) {
        Some(elsewhere) => {
            diagnostics
                .report_default(span, message)
                .related(elsewhere.resource.name_span(), format!("did you mean {}?", elsewhere.name))
                .help(format!("write namespace: {}", elsewhere.name.namespace));
        }
        None if has_others || world.inventory.is_complete() => {
            let diagnostic = diagnostics.report_default(span, message);
            let of_namespace = world.virtual_services.iter().filter(|other| other.name.namespace == name.namespace);
            let names = of_namespace.filter(|other| other.is_delegate()).map(|other| other.name.name.as_ref());
            if let Some(similar) = nearest(&name.name, names) {
                diagnostic.help(format!("did you mean {similar}?"));
            }
        }
        None => diagnostics.unchecked(Gap::NoOtherResources(Kind::VirtualService, name.namespace.to_string())),
    }
}
