//! `waypoint-required`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::model::security::{self, AuthorizationPolicy, PolicyAction, PolicyTargetReference};
use crate::model::{Kind, Spec};
use crate::source::Span;
use crate::world::{Attachment, DataPlane, Gap, Service, World};

pub static RULE: Rule = rule! {
    name: "waypoint-required",
    aliases: [
        "KIA0109", "KIA0110", "KIA1110", "KIA1111", "KIA1112", "KIA1115", "KIA1116", "KIA1117", "KIA1317",
    ],
    severity: Warning,
    summary: "a policy for requests that no waypoint applies: in the ambient mesh ztunnel only knows connections",
    check: check,
};

/// The kinds that waypoints apply.
const KINDS: [Kind; 5] =
    [Kind::AuthorizationPolicy, Kind::RequestAuthentication, Kind::WasmPlugin, Kind::TrafficExtension, Kind::Telemetry];

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

/// Waypoints take no policy without a target; ztunnel takes AuthorizationPolicies, as far as it can.
fn check_untargeted(world: &World<'_>, attachment: &Attachment<'_>, diagnostics: &mut Diagnostics) {
    if !is_for_ambient(world, attachment) {
        return;
    }
    if let Spec::AuthorizationPolicy(policy) = &attachment.resource.spec {
        return check_ztunnel(policy, diagnostics);
    }
    let kind = attachment.resource.kind;
    if kind == Kind::Telemetry && attachment.selector.is_none() && has_gateway(world, attachment) {
        // Waypoints and gateways do take the Telemetry of their namespace.
        return;
    }
    let span = attachment.selector.and_then(|selector| selector.span).unwrap_or(attachment.resource.name_span());
    let diagnostic =
        diagnostics.report_default(span, format!("no proxy applies this {}: its workloads are ambient", kind.name()));
    advise(diagnostic);
    diagnostic.aliases = match kind {
        Kind::RequestAuthentication => &["KIA1110", "KIA1115"],
        Kind::WasmPlugin => &["KIA1111", "KIA1116"],
        Kind::Telemetry => &["KIA1112", "KIA1117"],
        _ => &[],
    };
}

fn advise(diagnostic: &mut Diagnostic) {
    diagnostic.help("attach it by targetRefs to a waypoint, or to a Service that has one");
}

/// Whether the workloads are of the ambient mesh. Policies of the root namespace are for all, sidecars among them.
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

/// What ztunnel does with a policy (istiod: `convertAuthorizationPolicy`).
fn check_ztunnel(policy: &AuthorizationPolicy, diagnostics: &mut Diagnostics) {
    const ALIASES: &[&str] = &["KIA0109", "KIA0110", "KIA1317"];
    let action = policy.action.map_or(PolicyAction::Allow, |action| action.value);
    if let Some(written) = policy.action.filter(|_| matches!(action, PolicyAction::Custom | PolicyAction::Audit)) {
        let message = format!("ztunnel does not know the action {}: the policy is not applied", action.as_str());
        let diagnostic = diagnostics.report_default(written.span, message);
        advise(diagnostic);
        diagnostic.aliases = ALIASES;
        return;
    }
    let message = match action {
        PolicyAction::Deny => "ztunnel knows no requests: it applies the rule without this",
        _ => "ztunnel knows no requests: it leaves out the rule, so what it allows is refused",
    };
    for span in policy.rules.iter().filter_map(http_attribute) {
        let diagnostic = diagnostics.report_default(span, message);
        advise(diagnostic.severity(Severity::Error));
        diagnostic.aliases = ALIASES;
    }
}

/// The first attribute of a rule that only requests have.
fn http_attribute(rule: &security::AuthorizationRule) -> Option<Span> {
    let sources = rule.from.iter().filter_map(|from| from.source.as_ref());
    let of_source = sources.flat_map(|it| [&it.request_principals, &it.not_request_principals]);
    let operations = rule.to.iter().filter_map(|to| to.operation.as_ref());
    let of_operation =
        operations.flat_map(|it| [&it.hosts, &it.not_hosts, &it.methods, &it.not_methods, &it.paths, &it.not_paths]);
    let keys = rule.when.iter().filter_map(|condition| condition.key.as_ref());
    let of_requests = keys.filter(|key| key.starts_with("request.")).map(|key| key.span);
    of_source.chain(of_operation).filter_map(|values| values.first()).map(|value| value.span).chain(of_requests).next()
}

/// A service that a policy is attached to needs a waypoint: neither ztunnel nor sidecars take such policies.
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
    let message = format!("{} has no waypoint, so no proxy applies this {}", service.hostname, kind.name());
    let diagnostic = diagnostics.report_default(name, message);
    diagnostic.related(service.span, "neither it nor its namespace has the label istio.io/use-waypoint");
    diagnostic.help("label one of them with the name of a waypoint");
    diagnostic.aliases = match kind {
        Kind::AuthorizationPolicy => &["KIA0109"],
        Kind::RequestAuthentication => &["KIA1110"],
        Kind::WasmPlugin => &["KIA1111"],
        Kind::Telemetry => &["KIA1112"],
        _ => &[],
    };
}

/// The service that a target names, if it is among the manifests, and where.
fn target_service<'w, 'a>(
    world: &'w World<'a>,
    target: &PolicyTargetReference,
    namespace: &str,
) -> Option<(Span, &'w Service<'a>)> {
    let name = target.name.as_ref()?;
    let wanted = match target.kind.as_ref()?.as_str() {
        "Service" => Kind::Service,
        "ServiceEntry" => Kind::ServiceEntry,
        _ => return None,
    };
    let is_meant = |service: &&Service<'_>| service.resource.kind == wanted && service.resource.name() == name.as_str();
    world.services.in_namespace(namespace).find(is_meant).map(|service| (name.span, service))
}
