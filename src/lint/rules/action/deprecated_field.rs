//! `deprecated-field`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Spec;
use crate::model::kubernetes::CustomResourceDefinition;
use crate::model::networking::{Sidecar, VirtualService};
use crate::model::telemetry::Telemetry;
use crate::world::Settings;

pub static RULE: Rule = rule! {
    name: "deprecated-field",
    aliases: ["IST0002"],
    severity: Warning,
    summary: "a field or kind that still works but is to be removed, or is not there any more",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in &context.snapshot.resources {
        match &resource.spec {
            Spec::VirtualService(spec) => check_virtual_service(spec, diagnostics),
            Spec::Sidecar(spec) => check_sidecar(spec, diagnostics),
            Spec::Telemetry(spec) => check_telemetry(spec, &context.world.settings, diagnostics),
            Spec::CustomResourceDefinition(spec) => check_definition(spec, diagnostics),
            _ => {}
        }
    }
}

fn check_virtual_service(spec: &VirtualService, diagnostics: &mut Diagnostics) {
    let delays = spec.http.iter().filter_map(|rule| rule.fault.as_ref()?.delay.as_ref());
    for (delay, percent) in delays.filter_map(|delay| Some((delay, delay.percent?))) {
        // Of both forms the newer one counts.
        let help = match &delay.percentage {
            Some(_) => "remove it: percentage counts".to_owned(),
            None => format!("write percentage: {{value: {}}}", percent.value),
        };
        diagnostics.report_default(percent.span, "percent of a delay is deprecated").help(help);
    }
}

fn check_sidecar(spec: &Sidecar, diagnostics: &mut Diagnostics) {
    let proxy = spec.outbound_traffic_policy.as_ref().and_then(|policy| policy.egress_proxy.as_ref());
    if let Some(proxy) = proxy {
        diagnostics
            .report_default(proxy.span, "egressProxy is deprecated")
            .help("route to the proxy by a ServiceEntry and a VirtualService for the hosts that are meant");
    }
}

fn check_telemetry(spec: &Telemetry, settings: &Settings, diagnostics: &mut Diagnostics) {
    let providers = spec.tracing.iter().flat_map(|tracing| &tracing.providers);
    for name in providers.filter_map(|provider| provider.name.as_ref()) {
        if settings.lightstep_providers.contains(&name.value) {
            diagnostics
                .report_default(
                    name.span,
                    format!("provider {} is of the sort lightstep, which is deprecated", name.value),
                )
                .help("send spans to Lightstep by a provider of the sort opentelemetry");
        }
    }
}

fn check_definition(spec: &CustomResourceDefinition, diagnostics: &mut Diagnostics) {
    const REMOVED: [&str; 4] = ["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"];
    let is_rbac = spec.group.as_ref().is_some_and(|group| group.as_str() == "rbac.istio.io");
    let kind = spec.names.as_ref().and_then(|names| names.kind.as_ref());
    if let Some(kind) = kind.filter(|kind| is_rbac && REMOVED.contains(&kind.as_str())) {
        diagnostics
            .report_default(kind.span, format!("{} of rbac.istio.io is not read by Istio any more", kind.value))
            .help("write an AuthorizationPolicy");
    }
}
