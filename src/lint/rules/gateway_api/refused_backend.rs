//! `refused-backend`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule, Severity};
use crate::world::host::Form;
use crate::world::{DestinationRef, Origin, Refusal, RefusedBackend, World};

pub static RULE: Rule = rule! {
    name: "refused-backend",
    aliases: ["KIA1402"],
    severity: Error,
    summary: "a backend of a route that does not exist or may not be used: its share of the requests is answered with 500",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    // A rule is there once for each host and listener.
    let mut seen = BTreeSet::new();
    for service in world.derived.virtual_services.iter().filter(|service| service.origin == Origin::GatewayApi) {
        for refused in service.sources.iter().flat_map(|source| &source.refused) {
            if seen.insert(refused.span) {
                check_refused(refused, findings);
            }
        }
        for destination in service.destinations() {
            if seen.insert(destination.host.span) {
                check_backend(world, &destination, findings);
            }
        }
    }
}

fn check_refused(refused: &RefusedBackend, findings: &mut Findings) {
    match refused.refusal {
        Refusal::NotGranted => {
            findings
                .report(refused.span, "no ReferenceGrant allows this route to use a backend of another namespace")
                .help("add a ReferenceGrant to the namespace of the backend");
        }
        Refusal::UnsupportedKind => {
            findings.report(refused.span, "Istio does not route to backends of this kind").severity(Severity::Warning);
        }
    }
}

fn check_backend(world: &World<'_>, destination: &DestinationRef<'_>, findings: &mut Findings) {
    let Form::Kubernetes { namespace } = Form::of(destination.host, &world.settings.domain) else { return };
    let mut services = world.services.named(destination.host).peekable();
    let Some(first) = services.peek().copied() else {
        if !world.inventory.has_services(namespace) {
            return findings.unchecked(format!("no Service of namespace {namespace} is among the manifests"));
        }
        let diagnostic = findings.report(destination.host.span, format!("there is no service {}", destination.host.as_str()));
        if let Some(near) = world.services.nearest(namespace, destination.host, &world.settings.domain) {
            diagnostic.related(near.span, "did you mean this one?");
        }
        return;
    };
    let Some(port) = destination.destination.port.as_ref().and_then(|port| port.number) else { return };
    if first.external_name().is_none() && !services.any(|service| service.ports.is_empty() || service.port(port.value).is_some()) {
        let ports: Vec<String> = first.ports.iter().map(|port| port.number.to_string()).collect();
        findings
            .report(port.span, format!("{} has no port {}", destination.host.as_str(), port.value))
            .related(first.span, format!("its ports are {}", ports.join(", ")));
    }
}
