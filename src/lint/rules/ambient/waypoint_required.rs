//! `waypoint-required`

use super::explain_missing_waypoint;
use super::ztunnel::{self, Untested};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::{AuthorizationPolicy, PolicyAction, PolicyTargetReference};
use crate::model::{Kind, Spec};
use crate::source::Span;
use crate::world::{Attachment, DataPlane, Gap, Service, World};

pub static RULE: Rule = rule! {
    name: "waypoint-required",
    summary: "a policy of the ambient mesh needs a waypoint, but none applies it",
    findings: [
        &ZTUNNEL_ALLOW,
        &ZTUNNEL_DENY,
        &ZTUNNEL_DENY_NOTHING,
        &ZTUNNEL_ALLOW_MORE,
        &ZTUNNEL_CUSTOM,
        &AUTHORIZATION_POLICY_TARGET,
        &REQUEST_AUTHENTICATION,
        &REQUEST_AUTHENTICATION_TARGET,
        &ZTUNNEL_AUDIT,
        &WASM_PLUGIN,
        &WASM_PLUGIN_TARGET,
        &TRAFFIC_EXTENSION,
        &TRAFFIC_EXTENSION_TARGET,
        &TELEMETRY,
        &TELEMETRY_TARGET,
    ],
    check: check,
};

static ZTUNNEL_ALLOW: Finding = finding! {
    "ztunnel-allow", Lost, Certain, ["KIA0109", "KIA0110", "KIA1317"],
    "an ALLOW rule for ztunnel tests requests, so ztunnel denies what the rule allows",
};
static ZTUNNEL_DENY: Finding = finding! {
    "ztunnel-deny", Lost, Certain, ["KIA0109", "KIA0110", "KIA1317"],
    "a DENY rule for ztunnel tests requests and connections, so ztunnel denies more than the rule does",
};
static ZTUNNEL_DENY_NOTHING: Finding = finding! {
    "ztunnel-deny-nothing", Exposed, Certain, ["KIA0109", "KIA0110", "KIA1317"],
    "a DENY rule for ztunnel tests only requests, so ztunnel denies nothing",
};
static ZTUNNEL_ALLOW_MORE: Finding = finding! {
    "ztunnel-allow-more", Exposed, Certain, [],
    "ztunnel ignores the trust domains of an ALLOW rule, so it allows more than the rule does",
};
static ZTUNNEL_CUSTOM: Finding = finding! {
    "ztunnel-custom", Exposed, Likely, ["KIA0109", "KIA0110", "KIA1317"],
    "ztunnel does not support the action CUSTOM",
};
static AUTHORIZATION_POLICY_TARGET: Finding = finding! {
    "authorization-policy-target", Exposed, Likely, ["KIA0109"],
    "the service that an AuthorizationPolicy targets has no waypoint",
};
static REQUEST_AUTHENTICATION: Finding = finding! {
    "request-authentication", Exposed, Likely, ["KIA1110", "KIA1115"],
    "a RequestAuthentication for ambient workloads has no `targetRefs`",
};
static REQUEST_AUTHENTICATION_TARGET: Finding = finding! {
    "request-authentication-target", Exposed, Likely, ["KIA1110"],
    "the service that a RequestAuthentication targets has no waypoint",
};
static ZTUNNEL_AUDIT: Finding = finding! {
    "ztunnel-audit", Surprising, Certain, ["KIA0109", "KIA0110", "KIA1317"],
    "ztunnel does not support the action AUDIT",
};
static WASM_PLUGIN: Finding = finding! {
    "wasm-plugin", Surprising, Certain, ["KIA1111", "KIA1116"],
    "a WasmPlugin for ambient workloads has no `targetRefs`",
};
static WASM_PLUGIN_TARGET: Finding = finding! {
    "wasm-plugin-target", Surprising, Certain, ["KIA1111"],
    "the service that a WasmPlugin targets has no waypoint",
};
static TRAFFIC_EXTENSION: Finding = finding! {
    "traffic-extension", Surprising, Certain, [],
    "a TrafficExtension for ambient workloads has no `targetRefs`",
};
static TRAFFIC_EXTENSION_TARGET: Finding = finding! {
    "traffic-extension-target", Surprising, Certain, [],
    "the service that a TrafficExtension targets has no waypoint",
};
static TELEMETRY: Finding = finding! {
    "telemetry", Surprising, Certain, ["KIA1112", "KIA1117"],
    "a Telemetry for ambient workloads has no `targetRefs`",
};
static TELEMETRY_TARGET: Finding = finding! {
    "telemetry-target", Surprising, Certain, ["KIA1112"],
    "the service that a Telemetry targets has no waypoint",
};

/// The kinds that waypoints apply.
const KINDS: [Kind; 5] =
    [Kind::AuthorizationPolicy, Kind::RequestAuthentication, Kind::WasmPlugin, Kind::TrafficExtension, Kind::Telemetry];

const ATTACH: &str = "add `targetRefs` that name a waypoint, or a Service that has one";

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for attachment in world.attachments.iter().filter(|it| KINDS.contains(&it.resource.kind)) {
        if attachment.targets.is_empty() {
            check_untargeted(world, attachment, diagnostics);
        }
        for target in &attachment.targets {
            check_target(world, attachment, target, diagnostics);
        }
    }
}

/// Waypoints ignore policies without a target. ztunnel applies AuthorizationPolicies as far as it can.
fn check_untargeted(world: &World<'_>, attachment: &Attachment<'_>, diagnostics: &mut Diagnostics) {
    if !is_for_ambient(world, attachment) {
        return;
    }
    let kind = attachment.resource.kind;
    let finding = match &attachment.resource.spec {
        Spec::AuthorizationPolicy(policy) => return check_ztunnel(policy, diagnostics),
        // Waypoints and gateways apply the Telemetry of their namespace.
        Spec::Telemetry(_) if attachment.selector.is_none() && has_gateway(world, attachment) => return,
        Spec::Telemetry(_) => &TELEMETRY,
        Spec::RequestAuthentication(_) => &REQUEST_AUTHENTICATION,
        Spec::WasmPlugin(_) => &WASM_PLUGIN,
        _ => &TRAFFIC_EXTENSION,
    };
    let span = attachment.selector.and_then(|selector| selector.span).unwrap_or(attachment.resource.name_span());
    let message = format!("no proxy applies this {}: ambient workloads need `targetRefs`", kind.name());
    diagnostics.report(finding, span, message).help(ATTACH);
}

/// Whether a policy is for workloads of the ambient mesh. Policies of the root namespace are also for sidecars.
fn is_for_ambient(world: &World<'_>, attachment: &Attachment<'_>) -> bool {
    let namespace = attachment.name.namespace.as_ref();
    if namespace == world.settings.root_namespace || attachment.selects_gateways() {
        return false;
    }
    let mut selected = world.selected_in(namespace, attachment.selector).peekable();
    match selected.peek() {
        Some(_) => selected.any(|it| world.namespaces.data_plane(it) == Some(DataPlane::Ambient)),
        None => world.namespaces.is_ambient(namespace) == Some(true),
    }
}

fn has_gateway(world: &World<'_>, attachment: &Attachment<'_>) -> bool {
    let namespace = attachment.name.namespace.as_ref();
    let labels = world.namespaces.labels(namespace);
    world.waypoints.names_in(namespace).next().is_some()
        || labels.is_some_and(|labels| world.waypoint(labels, namespace).is_some())
}

/// Reports what ztunnel cannot apply of a policy (istiod: `convertAuthorizationPolicy`).
fn check_ztunnel(policy: &AuthorizationPolicy, diagnostics: &mut Diagnostics) {
    let action = policy.action.map_or(PolicyAction::Allow, |action| action.value);
    if let Some(written) = policy.action.filter(|_| matches!(action, PolicyAction::Custom | PolicyAction::Audit)) {
        let finding = if action == PolicyAction::Custom { &ZTUNNEL_CUSTOM } else { &ZTUNNEL_AUDIT };
        let message =
            format!("no proxy applies this policy: ztunnel does not support the action `{}`", action.as_str());
        diagnostics.report(finding, written.span, message).help(ATTACH);
        return;
    }
    for rule in &policy.rules {
        if let Some(untested) = ztunnel::untested(rule) {
            report_untested(&untested, action, diagnostics);
        }
    }
}

fn report_untested(untested: &Untested, action: PolicyAction, diagnostics: &mut Diagnostics) {
    let (finding, outcome) = match (action, untested.drops_rule, untested.is_rest_empty) {
        (PolicyAction::Deny, _, true) => {
            (&ZTUNNEL_DENY_NOTHING, "this part of the DENY rule matches no connection, so it denies nothing")
        }
        (PolicyAction::Deny, _, false) => (&ZTUNNEL_DENY, "it applies the DENY rule without this condition"),
        (_, true, _) | (_, false, true) => {
            (&ZTUNNEL_ALLOW, "it drops the rule, and denies the requests that the rule allows")
        }
        (_, false, false) => (&ZTUNNEL_ALLOW_MORE, "it applies the ALLOW rule without this condition"),
    };
    let message = format!("ztunnel cannot test `{}`: {outcome}", untested.field);
    diagnostics.report(finding, untested.span, message).help(ATTACH);
}

/// A service that a policy targets needs a waypoint: neither ztunnel nor sidecars apply such policies.
fn check_target(
    world: &World<'_>,
    attachment: &Attachment<'_>,
    target: &PolicyTargetReference,
    diagnostics: &mut Diagnostics,
) {
    let namespace = attachment.name.namespace.as_ref();
    let Some((name, service)) = target_service(world, target, namespace) else { return };
    if world.waypoint(&service.resource.metadata.labels, namespace).is_some() {
        return;
    }
    if world.namespaces.labels(namespace).is_none() {
        return diagnostics.unchecked(Gap::NoNamespace(namespace.to_owned()));
    }
    let kind = attachment.resource.kind;
    let finding = match kind {
        Kind::AuthorizationPolicy => &AUTHORIZATION_POLICY_TARGET,
        Kind::RequestAuthentication => &REQUEST_AUTHENTICATION_TARGET,
        Kind::WasmPlugin => &WASM_PLUGIN_TARGET,
        Kind::Telemetry => &TELEMETRY_TARGET,
        _ => &TRAFFIC_EXTENSION_TARGET,
    };
    let message = format!("no proxy applies this {}: `{}` has no waypoint", kind.name(), service.hostname);
    explain_missing_waypoint(diagnostics.report(finding, name, message), service);
}

/// The service that a target names, if it was given, and the place of the name.
fn target_service<'w, 'a>(
    world: &'w World<'a>,
    target: &PolicyTargetReference,
    namespace: &str,
) -> Option<(Span, &'w Service<'a>)> {
    let name = target.name.as_ref()?;
    let kind = match target.kind.as_ref()?.as_str() {
        "Service" => Kind::Service,
        "ServiceEntry" => Kind::ServiceEntry,
        _ => return None,
    };
    let is_named = |service: &&Service<'_>| service.resource.kind == kind && service.resource.name() == name.as_str();
    world.services.in_namespace(namespace).find(is_named).map(|service| (name.span, service))
}
