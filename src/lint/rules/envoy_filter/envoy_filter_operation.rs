//! `envoy-filter-operation`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Spec;
use crate::model::networking::{
    ApplyTo, EnvoyConfigMatch, EnvoyConfigPatch, FilterMatch, PatchContext, PatchOperation,
};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "envoy-filter-operation",
    aliases: ["IST0152", "IST0153", "IST0154"],
    severity: Error,
    summary: "a patch of an EnvoyFilter that istiod passes over: what it applies to does not take the operation",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for attachment in &context.world.attachments {
        let Spec::EnvoyFilter(filter) = &attachment.resource.spec else { continue };
        filter.config_patches.iter().for_each(|patch| check_patch(patch, diagnostics));
    }
}

fn check_patch(patch: &EnvoyConfigPatch, diagnostics: &mut Diagnostics) {
    let Some(apply_to) = &patch.apply_to else { return };
    let Some(operation) = patch.patch.as_ref().and_then(|patch| patch.operation.as_ref()) else { return };
    if !takes(apply_to.value, operation.value) {
        let message = format!("{} is ignored for {}", operation.value.as_str(), apply_to.value.as_str());
        let diagnostic = diagnostics.report_default(operation.span, message);
        diagnostic.related(apply_to.span, "what the patch applies to").help(format!(
            "{} takes {}",
            apply_to.value.as_str(),
            taken_by(apply_to.value).join(", ")
        ));
        diagnostic.aliases = aliases(operation.value);
        return;
    }
    let matched = patch.r#match.as_ref();
    if let Some(lacking) = lacking_match(apply_to.value, operation.value, matched) {
        let message = format!("{} is ignored without a match of {lacking}", operation.value.as_str());
        let diagnostic = diagnostics.report_default(operation.span, message);
        diagnostic.help(format!("add match.{lacking}: it says which one is meant"));
        diagnostic.aliases = &[];
    }
    check_manager(apply_to.value, matched, diagnostics);
    warn_of_documentation(apply_to, operation, diagnostics);
}

/// The operations that change something (istiod: `ApplyListenerPatches`, `ApplyRouteConfigurationPatches`,
/// `ApplyClusterMerge`, `InsertedExtensionConfigurations`). Insertions into what has no order count as ADD. What istiod
/// does with other sorts of objects and with newer operations is left open.
fn takes(apply_to: ApplyTo, operation: PatchOperation) -> bool {
    use PatchOperation::{Add, InsertAfter, InsertBefore, InsertFirst, Merge, Remove, Replace};
    let is_known = matches!(operation, Add | InsertAfter | InsertBefore | InsertFirst | Merge | Remove | Replace);
    let operation = if matches!(operation, InsertAfter | InsertBefore | InsertFirst) { Add } else { operation };
    !is_known || taken_by(apply_to).is_empty() || taken_by(apply_to).contains(&operation.as_str())
}

fn taken_by(apply_to: ApplyTo) -> &'static [&'static str] {
    match apply_to {
        ApplyTo::RouteConfiguration => &["MERGE"],
        ApplyTo::ExtensionConfig => &["ADD"],
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::Cluster | ApplyTo::HttpRoute => &["ADD", "MERGE", "REMOVE"],
        _ => &[],
    }
}

fn aliases(operation: PatchOperation) -> &'static [&'static str] {
    match operation {
        PatchOperation::Replace => &["IST0152"],
        PatchOperation::Add => &["IST0153"],
        PatchOperation::Remove => &["IST0154"],
        _ => &[],
    }
}

/// The field that has to say which filter is replaced or removed.
fn lacking_match(
    apply_to: ApplyTo,
    operation: PatchOperation,
    matched: Option<&EnvoyConfigMatch>,
) -> Option<&'static str> {
    if !matches!(operation, PatchOperation::Replace | PatchOperation::Remove) || is_of_waypoint(matched) {
        return None;
    }
    let listener = matched.and_then(|matched| matched.listener.as_ref());
    match apply_to {
        ApplyTo::NetworkFilter if filter(matched).is_none() => Some("listener.filterChain.filter"),
        ApplyTo::HttpFilter if filter(matched).is_none_or(|it| it.sub_filter.is_none()) => {
            Some("listener.filterChain.filter.subFilter")
        }
        ApplyTo::ListenerFilter if listener.is_none_or(|it| it.listener_filter.is_none()) => {
            Some("listener.listenerFilter")
        }
        _ => None,
    }
}

fn is_of_waypoint(matched: Option<&EnvoyConfigMatch>) -> bool {
    let context = matched.and_then(|matched| matched.context.as_ref());
    context.is_some_and(|context| context.value == PatchContext::Waypoint)
}

fn filter(matched: Option<&EnvoyConfigMatch>) -> Option<&FilterMatch> {
    matched?.listener.as_ref()?.filter_chain.as_ref()?.filter.as_ref()
}

/// HTTP filters are those of the connection manager. With `subFilter` the webhook says so.
fn check_manager(apply_to: ApplyTo, matched: Option<&EnvoyConfigMatch>, diagnostics: &mut Diagnostics) {
    const MANAGER: &str = "envoy.filters.network.http_connection_manager";
    const OLD_NAME: &str = "envoy.http_connection_manager";
    let Some(filter) = filter(matched).filter(|filter| filter.sub_filter.is_none()) else { return };
    let Some(name) = filter.name.as_ref().filter(|_| apply_to == ApplyTo::HttpFilter) else { return };
    if ![MANAGER, OLD_NAME, ""].contains(&name.as_str()) {
        let diagnostic =
            diagnostics.report_default(name.span, format!("{} holds no HTTP filters: nothing matches", name.as_str()));
        diagnostic.help(format!("write {MANAGER}"));
        diagnostic.aliases = &[];
    }
}

/// What the API's reference says is ignored, though istiod does it.
fn warn_of_documentation(
    apply_to: &Spanned<ApplyTo>,
    operation: &Spanned<PatchOperation>,
    diagnostics: &mut Diagnostics,
) {
    let is_undocumented =
        apply_to.value == ApplyTo::HttpRoute && matches!(operation.value, PatchOperation::Add | PatchOperation::Remove);
    if is_undocumented {
        let message = format!("istiod applies {} to HTTP_ROUTE, but its reference denies it", operation.value.as_str());
        let diagnostic = diagnostics.report_default(operation.span, message);
        diagnostic.severity(Severity::Info).help("a later version may do as the reference says");
        diagnostic.aliases = aliases(operation.value);
    }
}
