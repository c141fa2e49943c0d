//! `unattached-route`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::{Kind, nearest};
use crate::source::Span;
use crate::world::{Cause, NamespacedName, World};

pub static RULE: Rule = rule! {
    name: "unattached-route",
    aliases: ["KIA1401"],
    severity: Error,
    summary: "a route of the Gateway API that attaches to nothing: what it refers to does not exist or does not take it",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for ignored in context.world.derived.ignored.iter().filter(|it| it.resource.kind != Kind::KubernetesGateway) {
        match &ignored.cause {
            Cause::NotAdmitted => {
                let help = "mend the reference, or let the listener take the route: hostname, allowedRoutes";
                findings.report(ignored.span, &ignored.reason).help(help);
            }
            Cause::Missing { kind, name } => check_missing(context.world, *kind, name, ignored.span, findings),
            Cause::Elsewhere | Cause::Conflict { .. } | Cause::Unusable => {}
        }
    }
}

fn check_missing(world: &World<'_>, kind: Kind, name: &NamespacedName<'_>, place: Span, findings: &mut Findings) {
    let namespace = name.namespace.as_ref();
    let gateways = world.kubernetes_gateways.keys();
    let of_namespace: Vec<&str> = gateways.clone().filter(|it| it.namespace == namespace).map(|it| it.name.as_ref()).collect();
    let is_gateway = kind == Kind::KubernetesGateway;
    let elsewhere = is_gateway.then(|| gateways.clone().find(|it| it.name == name.name)).flatten();
    let is_known = match kind {
        Kind::KubernetesGateway => world.inventory.is_complete() || !of_namespace.is_empty() || elsewhere.is_some(),
        Kind::Service => world.inventory.has_services(namespace),
        Kind::ServiceEntry => world.inventory.has_service_entries(namespace),
        _ => world.inventory.is_complete(),
    };
    if !is_known {
        return findings.unchecked(format!("no {} of namespace {namespace} is among the manifests", kind.name()));
    }
    let diagnostic = findings.report(place, format!("there is no {} {name}", kind.name()));
    if let Some(elsewhere) = elsewhere {
        let span = world.kubernetes_gateways[elsewhere].name_span();
        diagnostic.related(span, format!("did you mean {elsewhere}?")).help(format!("add namespace: {}", elsewhere.namespace));
    } else if let Some(suggestion) = is_gateway.then(|| nearest(&name.name, of_namespace)).flatten() {
        diagnostic.help(format!("did you mean {suggestion}?"));
    }
}
