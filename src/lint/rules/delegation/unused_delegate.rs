//! `unused-delegate`

use std::collections::HashSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::world::Gap;

pub static RULE: Rule = rule! {
    name: "unused-delegate",
    summary: "a VirtualService has no hosts, and no other VirtualService delegates to it, so its routes never apply",
    findings: [&UNUSED],
    check: check,
};

static UNUSED: Finding = finding! {
    "unused", Lost, Likely, [],
    "no VirtualService delegates to it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let used = world.delegates();
    // Another rule reports a reference with the wrong namespace.
    let misdirected: HashSet<&str> =
        used.iter().filter(|name| world.virtual_service(name).is_none()).map(|name| name.name.as_ref()).collect();
    // If some VirtualService delegates, the manifests are expected to have all that do.
    let has_roots = !used.is_empty() && !world.inventory.is_partial();
    let placeholders = &context.snapshot.placeholders;
    let routes = world.virtual_services.iter().flat_map(|it| &it.spec.http);
    let may_delegate = routes.filter_map(|route| route.delegate.as_ref()).any(|it| placeholders.touch(it.span))
        || world.inventory.unknowns.expect_anywhere(Kind::VirtualService).is_err();
    for virtual_service in world.virtual_services.iter().filter(|it| it.is_delegate()) {
        let spec = &virtual_service.spec;
        // The webhook rejects gateways and other sections without hosts.
        let is_valid = spec.gateways.is_empty() && spec.tls.is_empty() && spec.tcp.is_empty() && !spec.http.is_empty();
        let name = &virtual_service.name;
        if used.contains(name) || misdirected.contains(name.name.as_ref()) || !is_valid {
            continue;
        }
        if may_delegate {
            diagnostics.unchecked(Gap::Placeholders(Kind::VirtualService, None));
        } else if has_roots || world.inventory.is_complete() {
            let message = format!("VirtualService `{name}` has no `hosts`, and no VirtualService delegates to it");
            diagnostics
                .report(&UNUSED, virtual_service.resource.name_span(), message)
                .help("add `hosts`, delegate to this VirtualService, or remove it");
        } else {
            let none = used.is_empty();
            diagnostics.unchecked(if none { Gap::NoDelegation } else { Gap::NotAllOfKind(Kind::VirtualService) });
        }
    }
}
