//! `unknown-mesh-host`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::source::Spanned;
use crate::world::host::Form;
use crate::world::{VirtualService, World};

pub static RULE: Rule = rule! {
    name: "unknown-mesh-host",
    aliases: [],
    severity: Warning,
    summary: "a VirtualService for a service of the mesh that does not exist",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for service in world.virtual_services.iter().filter(|service| service.binds_mesh()) {
        for host in service.hosts.iter().filter(|host| !context.is_refused(host.span)) {
            // A service that only a wildcard of a ServiceEntry covers is one as well.
            if world.services.covering(&service.name.namespace, host).is_none() && world.services.named(host).next().is_none() {
                check_host(world, service, host, findings);
            }
        }
    }
}

/// Hosts outside the cluster need no service: sidecars route for them on port 80 (istiod:
/// `separateVSHostsAndServices`).
fn check_host(world: &World<'_>, service: &VirtualService<'_>, host: &Spanned<String>, findings: &mut Findings) {
    let domain = &world.settings.domain;
    match Form::of(host, domain) {
        Form::TwoLabels { name, namespace } => {
            let full = format!("{name}.{namespace}.svc.{domain}");
            let Some(meant) = world.services.named(&full).next() else { return };
            let message = format!("{} is not completed: only requests for this very name are routed, on port 80", host.as_str());
            findings
                .report(host.span, message)
                .related(meant.span, "this Service may be meant")
                .help(format!("write {full}"));
        }
        // As a destination it is reported already.
        Form::Kubernetes { .. } if leads_to(world, service, host) => {}
        Form::Kubernetes { namespace } if world.inventory.has_services(namespace) => {
            report_unknown(world, service, host, namespace, findings);
        }
        Form::Kubernetes { namespace } => {
            findings.unchecked(format!("no Service of namespace {namespace} is among the manifests"));
        }
        Form::External => {}
    }
}

fn leads_to(world: &World<'_>, service: &VirtualService<'_>, host: &str) -> bool {
    service.destinations().iter().any(|destination| service.full_host(destination.host, &world.settings) == host)
}

fn report_unknown(
    world: &World<'_>,
    service: &VirtualService<'_>,
    host: &Spanned<String>,
    namespace: &str,
    findings: &mut Findings,
) {
    let domain = &world.settings.domain;
    let written = service.spec.hosts.iter().find(|written| written.span == host.span).map_or("", |written| written);
    let message = format!("there is no service {}, so no sidecar applies these routes", host.as_str());
    let diagnostic = findings.report(host.span, message);
    if let Some(elsewhere) = world.services.only_one_called(written) {
        diagnostic
            .related(elsewhere.span, "a Service of this name is in another namespace")
            .help(format!("write {}", elsewhere.hostname));
    } else if let Some(similar) = world.services.nearest(namespace, host, domain) {
        diagnostic.help(format!("did you mean {}?", similar.hostname));
    } else {
        diagnostic.help("name a Service, or bind the VirtualService to Gateways only");
    }
}
