//! `unknown-policy-host`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::nearest;
use crate::policy::{Attribute, requirements};
use crate::world::{World, host};

pub static RULE: Rule = rule! {
    name: "unknown-policy-host",
    aliases: ["KIA0104"],
    severity: Info,
    summary: "a host of an AuthorizationPolicy that looks like a Service, and there is none of that name",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let of_routes: BTreeSet<&str> =
        world.virtual_services.iter().flat_map(|it| &it.hosts).map(|it| it.as_str()).collect();
    for policy in world.policies.authorization_policies() {
        let hosts = policy.spec.rules.iter().flat_map(requirements).filter(|asked| asked.attribute == Attribute::Host);
        for value in hosts.flat_map(|asked| asked.values) {
            // The port belongs to the header; clients may send any name, so only those of Services can be judged.
            let name = value.split(':').next().unwrap_or_default();
            let Some((service, namespace)) = host::kubernetes_service(name, &world.settings.domain) else { continue };
            if service.contains('*') || of_routes.contains(name) || world.services.named(name).next().is_some() {
                continue;
            }
            if let Err(gap) = world.inventory.services(namespace) {
                diagnostics.unchecked(gap);
                continue;
            }
            let diagnostic = diagnostics
                .report_default(value.span, format!("there is no Service {service} in namespace {namespace}"));
            if let Some(similar) = similar(world, namespace, service) {
                diagnostic.help(format!("did you mean {similar}?"));
            }
        }
    }
}

/// The Service that was probably meant.
fn similar<'w>(world: &'w World<'_>, namespace: &str, name: &str) -> Option<&'w str> {
    let services = world.services.iter().filter(|service| service.is_kubernetes() && service.namespace == namespace);
    nearest(name, services.map(|service| service.resource.name()))
}
