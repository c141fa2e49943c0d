//! `deprecated-field`

use crate::advice::{Advice, Edit, Literal};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::kubernetes::CustomResourceDefinition;
use crate::model::networking::{Sidecar, VirtualService};
use crate::model::telemetry::Telemetry;
use crate::world::Settings;

pub static RULE: Rule = rule! {
    name: "deprecated-field",
    summary: "a field or kind is deprecated, or Istio no longer reads it",
    findings: [&DEPRECATED, &IGNORED, &REMOVED_KIND],
    check: check,
};

static DEPRECATED: Finding = finding! {
    "deprecated", Refused, Likely, ["IST0002"],
    "a field or a type of provider is deprecated, and a later version of Istio can remove it",
};
static IGNORED: Finding = finding! {
    "ignored", Surprising, Certain, ["IST0002"],
    "a deprecated field has no effect beside the field that replaces it",
};
static REMOVED_KIND: Finding = finding! {
    "removed-kind", Surprising, Certain, ["IST0002"],
    "Istio no longer reads the kind that a CustomResourceDefinition defines",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
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
    let delays = spec.http.iter().filter_map(|route| route.fault.as_ref()?.delay.as_ref());
    for (delay, percent) in delays.filter_map(|delay| Some((delay, delay.percent?))) {
        if let Some(percentage) = &delay.percentage {
            diagnostics
                .report(&IGNORED, percent.span, "`percent` has no effect: istiod uses `percentage`")
                .related(percentage.span, "`percentage` is set here")
                .help(Advice::remove(Edit::remove(percent.span).of("percent")));
        } else {
            diagnostics.report(&DEPRECATED, percent.span, "`percent` of a delay is deprecated").help({
                let literal = Literal::Map(vec![("value".to_owned(), percent.value.into())]);
                Advice::write(Edit::replace(percent.span, "percentage", literal))
            });
        }
    }
}

fn check_sidecar(spec: &Sidecar, diagnostics: &mut Diagnostics) {
    let proxy = spec.outbound_traffic_policy.as_ref().and_then(|policy| policy.egress_proxy.as_ref());
    if let Some(proxy) = proxy {
        diagnostics
            .report(&DEPRECATED, proxy.span, "`egressProxy` is deprecated")
            .help("route to the proxy with a ServiceEntry and a VirtualService");
    }
}

fn check_telemetry(spec: &Telemetry, settings: &Settings, diagnostics: &mut Diagnostics) {
    let providers = spec.tracing.iter().flat_map(|tracing| &tracing.providers);
    for name in providers.filter_map(|provider| provider.name.as_ref()) {
        if settings.lightstep_providers.contains(&name.value) {
            diagnostics
                .report(
                    &DEPRECATED,
                    name.span,
                    format!("provider `{}` has the deprecated type `lightstep`", name.value),
                )
                .help("send spans to Lightstep with a provider of type `opentelemetry`");
        }
    }
}

fn check_definition(spec: &CustomResourceDefinition, diagnostics: &mut Diagnostics) {
    const REMOVED: [&str; 4] = ["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"];
    let is_rbac = spec.group.as_ref().is_some_and(|group| group.as_str() == "rbac.istio.io");
    let kind = spec.names.as_ref().and_then(|names| names.kind.as_ref());
    if let Some(kind) = kind.filter(|kind| is_rbac && REMOVED.contains(&kind.as_str())) {
        diagnostics
            .report(&REMOVED_KIND, kind.span, format!("Istio no longer reads `{}` of `rbac.istio.io`", kind.value))
            .help("replace its resources with AuthorizationPolicies, and remove the definition");
    }
}
