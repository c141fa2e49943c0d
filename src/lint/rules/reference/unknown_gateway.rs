//! `unknown-gateway`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::nearest;
use crate::source::Spanned;
use crate::world::{NamespacedName, World, resolve_gateway_name};

pub static RULE: Rule = rule! {
    name: "unknown-gateway",
    aliases: ["IST0101", "KIA1102"],
    severity: Error,
    summary: "a VirtualService bound to a Gateway that does not exist: its routes never apply there",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for service in &world.virtual_services {
        let of_matches = service.spec.http.iter().flat_map(|rule| &rule.r#match).flat_map(|entry| &entry.gateways);
        let of_tls = service.spec.tls.iter().flat_map(|rule| &rule.r#match).flat_map(|entry| &entry.gateways);
        let of_tcp = service.spec.tcp.iter().flat_map(|rule| &rule.r#match).flat_map(|entry| &entry.gateways);
        for written in service.spec.gateways.iter().chain(of_matches).chain(of_tls).chain(of_tcp) {
            check_reference(world, written, &service.name.namespace, findings);
        }
    }
}

fn check_reference(world: &World<'_>, written: &Spanned<String>, namespace: &str, findings: &mut Findings) {
    let Some(name) = resolve_gateway_name(written, namespace) else { return };
    if world.gateway(&name).is_some() {
        return;
    }
    let elsewhere = world.gateways.iter().find(|gateway| gateway.name.name == name.name);
    // A name without a namespace means the VirtualService's own, which is easily forgotten.
    let is_short = !written.contains('/');
    if let Some(elsewhere) = elsewhere.filter(|_| is_short || world.inventory.has_gateways(&name.namespace)) {
        findings
            .report(written.span, format!("there is no Gateway {name}"))
            .related(elsewhere.resource.name_span(), format!("did you mean {}?", elsewhere.name))
            .help(format!("write {}", elsewhere.name));
    } else if world.inventory.has_gateways(&name.namespace) {
        let diagnostic = findings.report(written.span, format!("there is no Gateway {name}"));
        let mesh = nearest(written, ["mesh"]).map(str::to_owned);
        if let Some(suggestion) = similar(world, &name).or(mesh) {
            diagnostic.help(format!("did you mean {suggestion}?"));
        }
    } else {
        findings.unchecked(format!("no Gateway of namespace {} is among the manifests", name.namespace));
    }
}

fn similar(world: &World<'_>, name: &NamespacedName<'_>) -> Option<String> {
    let of_namespace = world.gateways.iter().filter(|gateway| gateway.name.namespace == name.namespace);
    nearest(&name.name, of_namespace.map(|gateway| gateway.name.name.as_ref())).map(str::to_owned)
}
