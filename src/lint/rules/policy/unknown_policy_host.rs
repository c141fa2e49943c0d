//! `unknown-policy-host`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::nearest;
use crate::policy::{Attribute, requirements};
use crate::world::{World, host};

pub static RULE: Rule = rule! {
    name: "unknown-policy-host",
    summary: "an AuthorizationPolicy names the host of a Service that does not exist",
    findings: [&MISSING],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Surprising, Likely, ["KIA0104"],
    "the host is the full name of a Service that does not exist",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let of_routes: BTreeSet<&str> =
        world.virtual_services.iter().flat_map(|it| &it.hosts).map(|it| it.as_str()).collect();
    for policy in world.policies.authorization_policies() {
        let hosts = policy.spec.rules.iter().flat_map(requirements).filter(|it| it.attribute == Attribute::Host);
        for value in hosts.flat_map(|it| it.values) {
            // Clients may send any name in the `Host` header, so only names of Services can be checked.
            let name = value.split(':').next().unwrap_or_default();
            let Some((service, namespace)) = host::kubernetes_service(name, &world.settings.domain) else { continue };
            if service.contains('*')
                || of_routes.contains(name)
                || world.services.named(name).next().is_some()
                || world.makes_service(name)
            {
                continue;
            }
            if let Err(gap) = world.expects_service(policy.resource, service, namespace) {
                diagnostics.unchecked(gap);
                continue;
            }
            let message = format!("Service `{namespace}/{service}` does not exist");
            let diagnostic = diagnostics.report(&MISSING, value.span, message).cause(format!("host {name}"));
            if let Some(similar) = similar(world, namespace, service) {
                diagnostic.did_you_mean(value.replacen(service, similar, 1));
            }
        }
    }
}

/// The Service of a namespace with the most similar name.
fn similar<'w>(world: &'w World<'_>, namespace: &str, name: &str) -> Option<&'w str> {
    let services = world.services.iter().filter(|service| service.is_kubernetes() && service.namespace == namespace);
    nearest(name, services.map(|service| service.resource.name()))
}
