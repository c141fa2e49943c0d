//! `unused-delegate`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::world::Gap;

pub static RULE: Rule = rule! {
    name: "unused-delegate",
    aliases: [],
    severity: Warning,
    summary: "a VirtualService without hosts to which nothing delegates: its rules never apply",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let used = world.delegates();
    // A reference that names the wrong namespace is a mistake of its own.
    let misdirected: BTreeSet<&str> =
        used.iter().filter(|name| world.virtual_service(name).is_none()).map(|name| name.name.as_ref()).collect();
    // Where some VirtualService delegates, the ones that do are among the manifests.
    let has_roots = !used.is_empty() && !world.inventory.is_partial();
    for service in world.virtual_services.iter().filter(|service| service.is_delegate()) {
        let spec = &service.spec;
        // One with gateways or other sections is refused: it was not meant as a delegate.
        let is_meant = spec.gateways.is_empty() && spec.tls.is_empty() && spec.tcp.is_empty() && !spec.http.is_empty();
        if used.contains(&service.name) || misdirected.contains(service.name.name.as_ref()) || !is_meant {
            continue;
        }
        if has_roots || world.inventory.is_complete() {
            diagnostics
                .report_default(
                    service.resource.name_span(),
                    format!("VirtualService {} has no hosts, and no other one delegates to it", service.name),
                )
                .help("add hosts, or delegate to it, or remove it");
        } else {
            diagnostics.unchecked(Gap::NoDelegation);
        }
    }
}
