//! `envoy-filter-operation`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::networking::{
    ApplyTo, EnvoyConfigMatch, EnvoyConfigPatch, FilterMatch, PatchContext, PatchOperation,
};
use crate::model::wording::list;
use crate::source::{Span, Spanned};
use crate::validate::is_for_old_proxies;

pub static RULE: Rule = rule! {
    name: "envoy-filter-operation",
    summary: "istiod ignores a patch of an EnvoyFilter: its `applyTo` does not support the operation, or its match selects nothing",
    findings: [
        &REPLACE,
        &ADD,
        &REMOVE,
        &OTHER_OPERATION,
        &NO_MATCH,
        &WRONG_FILTER,
        &UNDOCUMENTED_ADD,
        &UNDOCUMENTED_REMOVE,
    ],
    check: check,
};

static REPLACE: Finding = finding! {
    "replace", Surprising, Certain, ["IST0152"],
    "`applyTo` does not support `REPLACE`",
};
static ADD: Finding = finding! {
    "add", Surprising, Certain, ["IST0153"],
    "`applyTo` does not support `ADD`",
};
static REMOVE: Finding = finding! {
    "remove", Surprising, Certain, ["IST0154"],
    "`applyTo` does not support `REMOVE`",
};
static OTHER_OPERATION: Finding = finding! {
    "other-operation", Surprising, Certain, [],
    "`applyTo` does not support the operation",
};
static NO_MATCH: Finding = finding! {
    "no-match", Surprising, Certain, [],
    "`REPLACE` or `REMOVE` does not name the filter",
};
static WRONG_FILTER: Finding = finding! {
    "wrong-filter", Surprising, Certain, [],
    "a patch of HTTP filters matches a network filter that has none",
};
static UNDOCUMENTED_ADD: Finding = finding! {
    "undocumented-add", Notable, Certain, ["IST0153"],
    "`ADD` of an `HTTP_ROUTE` works, although the API reference says that istiod ignores it",
};
static UNDOCUMENTED_REMOVE: Finding = finding! {
    "undocumented-remove", Notable, Certain, ["IST0154"],
    "`REMOVE` of an `HTTP_ROUTE` works, although the API reference says that istiod ignores it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for attachment in &context.world.attachments {
        let Spec::EnvoyFilter(envoy_filter) = &attachment.resource.spec else { continue };
        envoy_filter.config_patches.iter().for_each(|patch| check_patch(patch, diagnostics));
    }
}

fn check_patch(patch: &EnvoyConfigPatch, diagnostics: &mut Diagnostics) {
    // Current versions of istiod give the patch to no proxy.
    if patch.r#match.as_ref().is_some_and(is_for_old_proxies) {
        return;
    }
    let Some(apply_to) = &patch.apply_to else { return };
    let Some(operation) = patch.patch.as_ref().and_then(|patch| patch.operation.as_ref()) else { return };
    let (target, word) = (apply_to.value.as_str(), operation.value.as_str());
    if !supports(apply_to.value, operation.value) {
        let finding = match operation.value {
            PatchOperation::Replace => &REPLACE,
            PatchOperation::Add => &ADD,
            PatchOperation::Remove => &REMOVE,
            _ => &OTHER_OPERATION,
        };
        diagnostics
            .report(finding, operation.span, format!("istiod ignores `{word}` for `{target}`"))
            .related(apply_to.span, format!("the patch applies to `{target}`"))
            .help(match operation.value {
                PatchOperation::Remove => "remove the patch, or use `MERGE` with a `value`".into(),
                _ => use_instead(operation.span, supported_by(apply_to.value)),
            });
        return;
    }
    let r#match = patch.r#match.as_ref();
    if let Some(missing) = missing_match(apply_to.value, operation.value, r#match) {
        diagnostics
            .report(&NO_MATCH, operation.span, format!("istiod ignores `{word}` without `match.{missing}`"))
            .help(format!("add `match.{missing}` to name the filter"));
    }
    check_connection_manager(apply_to.value, r#match, diagnostics);
    note_undocumented(apply_to.value, operation, diagnostics);
}

/// Whether istiod applies an operation (istiod: `ApplyListenerPatches`, `ApplyRouteConfigurationPatches`,
/// `ApplyClusterMerge`, `InsertedExtensionConfigurations`). Insertions into unordered objects count as `ADD`. Other
/// objects and newer operations are assumed to be supported.
fn supports(apply_to: ApplyTo, operation: PatchOperation) -> bool {
    use PatchOperation::{Add, InsertAfter, InsertBefore, InsertFirst, Merge, Remove, Replace};
    let is_known = matches!(operation, Add | InsertAfter | InsertBefore | InsertFirst | Merge | Remove | Replace);
    let operation = if matches!(operation, InsertAfter | InsertBefore | InsertFirst) { Add } else { operation };
    let supported = supported_by(apply_to);
    !is_known || supported.is_empty() || supported.contains(&operation.as_str())
}

/// The operations that an `applyTo` supports; empty if it supports all of them.
fn supported_by(apply_to: ApplyTo) -> &'static [&'static str] {
    match apply_to {
        ApplyTo::RouteConfiguration => &["MERGE"],
        ApplyTo::ExtensionConfig => &["ADD"],
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::Cluster | ApplyTo::HttpRoute => &["ADD", "MERGE", "REMOVE"],
        _ => &[],
    }
}

/// A help to use one of some operations.
fn use_instead(operation: Span, words: &[&str]) -> Advice {
    let help = Advice::new(format!("use {}", list(words, "or")));
    match words {
        [only] => help.fix([Edit::set(operation, *only)]),
        _ => words.iter().fold(help, |help, word| help.option([Edit::set(operation, *word)])),
    }
}

/// The missing field of `match` that would name the filter to replace or remove.
fn missing_match(
    apply_to: ApplyTo,
    operation: PatchOperation,
    r#match: Option<&EnvoyConfigMatch>,
) -> Option<&'static str> {
    if !matches!(operation, PatchOperation::Replace | PatchOperation::Remove) || is_for_waypoints(r#match) {
        return None;
    }
    let listener = r#match.and_then(|it| it.listener.as_ref());
    match apply_to {
        ApplyTo::NetworkFilter if filter(r#match).is_none() => Some("listener.filterChain.filter"),
        ApplyTo::HttpFilter if filter(r#match).is_none_or(|it| it.sub_filter.is_none()) => {
            Some("listener.filterChain.filter.subFilter")
        }
        ApplyTo::ListenerFilter if listener.is_none_or(|it| it.listener_filter.is_none()) => {
            Some("listener.listenerFilter")
        }
        _ => None,
    }
}

fn is_for_waypoints(r#match: Option<&EnvoyConfigMatch>) -> bool {
    let context = r#match.and_then(|it| it.context.as_ref());
    context.is_some_and(|context| context.value == PatchContext::Waypoint)
}

fn filter(r#match: Option<&EnvoyConfigMatch>) -> Option<&FilterMatch> {
    r#match?.listener.as_ref()?.filter_chain.as_ref()?.filter.as_ref()
}

/// HTTP filters exist only in the connection manager. The webhook checks matches that have a `subFilter`.
fn check_connection_manager(apply_to: ApplyTo, r#match: Option<&EnvoyConfigMatch>, diagnostics: &mut Diagnostics) {
    const MANAGER: &str = "envoy.filters.network.http_connection_manager";
    const OLD_NAME: &str = "envoy.http_connection_manager";
    let Some(filter) = filter(r#match).filter(|filter| filter.sub_filter.is_none()) else { return };
    let Some(name) = filter.name.as_ref().filter(|_| apply_to == ApplyTo::HttpFilter) else { return };
    if ![MANAGER, OLD_NAME, ""].contains(&name.as_str()) {
        let message = format!("`{}` contains no HTTP filters, so the patch matches nothing", name.value);
        diagnostics.report(&WRONG_FILTER, name.span, message).write(MANAGER);
    }
}

/// The API reference says that istiod ignores additions and removals of routes, but it applies them.
fn note_undocumented(apply_to: ApplyTo, operation: &Spanned<PatchOperation>, diagnostics: &mut Diagnostics) {
    let finding = match (apply_to, operation.value) {
        (ApplyTo::HttpRoute, PatchOperation::Add) => &UNDOCUMENTED_ADD,
        (ApplyTo::HttpRoute, PatchOperation::Remove) => &UNDOCUMENTED_REMOVE,
        _ => return,
    };
    let word = operation.value.as_str();
    let message =
        format!("istiod applies `{word}` to `HTTP_ROUTE`, although the API reference says that it is ignored");
    diagnostics
        .report(finding, operation.span, message)
        .help("test the patch after each upgrade of Istio: a later version may ignore it");
}
