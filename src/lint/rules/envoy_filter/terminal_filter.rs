//! `terminal-filter`

use super::envoy_filter_name;
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{ApplyTo, EnvoyConfigPatch, ListenerMatch, PatchContext, PatchOperation};
use crate::model::{Labels, Spec};
use crate::source::Spanned;
use crate::world::Attachment;

pub static RULE: Rule = rule! {
    name: "terminal-filter",
    summary: "a patch of an EnvoyFilter leaves the terminal filter before others, so Envoy rejects the listener",
    findings: [&AFTER_TERMINAL, &TERMINAL_BEFORE],
    check: check,
};

static AFTER_TERMINAL: Finding = finding! {
    "after-terminal", Refused, Certain, [],
    "the patch adds a filter after the router, or after another terminal filter",
};
static TERMINAL_BEFORE: Finding = finding! {
    "terminal-before", Refused, Certain, [],
    "the patch inserts a terminal filter before the one that ends the filter chain",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let root = context.world.settings.root_namespace.as_str();
    let envoy_filters = || {
        context.world.attachments.iter().filter_map(|attachment| match &attachment.resource.spec {
            Spec::EnvoyFilter(envoy_filter) => Some((attachment, envoy_filter)),
            _ => None,
        })
    };
    let patches = envoy_filters().flat_map(|(attachment, it)| it.config_patches.iter().map(move |it| (attachment, it)));
    let changes: Vec<_> = patches.filter(|(_, patch)| changes_terminal(patch)).collect();
    for (attachment, envoy_filter) in envoy_filters() {
        for patch in &envoy_filter.config_patches {
            // After another patch removes or replaces the terminal filter, the end of the chain is not known.
            let is_changed = |(other, change): &(&Attachment<'_>, &EnvoyConfigPatch)| {
                ends_same_chain(change, patch) && may_share_proxies(attachment, other, root)
            };
            if !changes.iter().any(is_changed) {
                check_patch(patch, diagnostics);
            }
        }
    }
}

/// The filter that ends each chain of HTTP filters.
const ROUTER: &str = "envoy.filters.http.router";

const CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";

/// The network filters that end a filter chain (Envoy: `isTerminalFilterByProto`). Istio's chains end with one of the first
/// two.
const TERMINAL: [&str; 9] = [
    CONNECTION_MANAGER,
    "envoy.filters.network.tcp_proxy",
    "envoy.filters.network.direct_response",
    "envoy.filters.network.dubbo_proxy",
    "envoy.filters.network.echo",
    "envoy.filters.network.generic_proxy",
    "envoy.filters.network.kafka_mesh",
    "envoy.filters.network.redis_proxy",
    "envoy.filters.network.thrift_proxy",
];

fn is_terminal(apply_to: ApplyTo, name: &str) -> bool {
    match apply_to {
        ApplyTo::HttpFilter => name == ROUTER,
        ApplyTo::NetworkFilter => TERMINAL.contains(&name),
        _ => false,
    }
}

/// Envoy accepts a chain only if its last filter is terminal, and no other one is (Envoy: `validateTerminalFilters`).
fn check_patch(patch: &EnvoyConfigPatch, diagnostics: &mut Diagnostics) {
    let Some(apply_to) = patch.apply_to.map(|it| it.value) else { return };
    if !matches!(apply_to, ApplyTo::HttpFilter | ApplyTo::NetworkFilter) || has_pattern(patch) {
        return;
    }
    let Some(change) = &patch.patch else { return };
    let Some(operation) = &change.operation else { return };
    let listener = patch.r#match.as_ref().and_then(|it| it.listener.as_ref());
    // A patch of HTTP filters that matches another network filter has no effect, and one for some versions of the proxy
    // may not have any.
    let is_for_version =
        patch.r#match.as_ref().and_then(|it| it.proxy.as_ref()).is_some_and(|it| it.proxy_version.is_some());
    let of_network = listener.and_then(|it| it.filter_chain.as_ref()?.filter.as_ref()?.name.as_ref());
    let is_idle = apply_to == ApplyTo::HttpFilter && of_network.is_some_and(|name| name.as_str() != CONNECTION_MANAGER);
    if is_for_version || is_idle {
        return;
    }
    let wanted = matched_filter(apply_to, listener);
    let is_added_terminal =
        change.value.as_ref().and_then(|value| value.name.as_ref()).is_some_and(|name| is_terminal(apply_to, name));
    match operation.value {
        PatchOperation::Add | PatchOperation::InsertAfter if !is_added_terminal => {
            let after = match (operation.value, wanted) {
                // Without a filter in the match, istiod appends, as `ADD` does.
                (PatchOperation::Add, _) | (_, None) => None,
                (_, Some(name)) if is_terminal(apply_to, name) => Some(name),
                (_, Some(_)) => return,
            };
            report_after(apply_to, operation, after, diagnostics);
        }
        PatchOperation::InsertBefore | PatchOperation::InsertFirst if is_added_terminal => {
            let last = if apply_to == ApplyTo::HttpFilter { "the router" } else { "the last filter" };
            diagnostics
                .report(
                    &TERMINAL_BEFORE,
                    operation.span,
                    format!("the patch inserts a terminal filter before {last}, so Envoy rejects the listener"),
                )
                .help("use `REPLACE` with the terminal filter that the chain has");
        }
        _ => {}
    }
}

/// The name of the filter that a patch matches; `None` if it matches all filter chains.
fn matched_filter(apply_to: ApplyTo, listener: Option<&ListenerMatch>) -> Option<&str> {
    let filter = listener.and_then(|it| it.filter_chain.as_ref()?.filter.as_ref())?;
    let name = match apply_to {
        ApplyTo::HttpFilter => filter.sub_filter.as_ref()?.name.as_ref(),
        _ => filter.name.as_ref(),
    };
    Some(name.map_or("", |name| name.as_str()))
}

/// Whether the match has a pattern where istiod compares whole names, so that the patch applies to nothing.
fn has_pattern(patch: &EnvoyConfigPatch) -> bool {
    patch.r#match.as_ref().is_some_and(envoy_filter_name::has_pattern)
}

/// Whether a patch may remove or replace a terminal filter. A filter without a name matches all.
fn changes_terminal(patch: &EnvoyConfigPatch) -> bool {
    let Some(apply_to) = patch.apply_to.map(|it| it.value) else { return false };
    let operation = patch.patch.as_ref().and_then(|patch| patch.operation.as_ref()).map(|it| it.value);
    let listener = patch.r#match.as_ref().and_then(|it| it.listener.as_ref());
    let is_filter = matches!(apply_to, ApplyTo::HttpFilter | ApplyTo::NetworkFilter);
    let is_change = matches!(operation, Some(PatchOperation::Remove | PatchOperation::Replace));
    let may_match = |name: &str| name.is_empty() || is_terminal(apply_to, name);
    is_filter && is_change && !has_pattern(patch) && matched_filter(apply_to, listener).is_some_and(may_match)
}

/// Whether the terminal filter that a patch changes may end the filters of another patch. Without the connection manager,
/// there are no HTTP filters.
fn ends_same_chain(change: &EnvoyConfigPatch, patch: &EnvoyConfigPatch) -> bool {
    let apply_to = |patch: &EnvoyConfigPatch| patch.apply_to.map(|it| it.value);
    let context = |patch: &EnvoyConfigPatch| {
        let context = patch.r#match.as_ref().and_then(|it| it.context).map(|it| it.value);
        context.filter(|context| *context != PatchContext::Any)
    };
    let is_filter = apply_to(change) == apply_to(patch) || apply_to(change) == Some(ApplyTo::NetworkFilter);
    let is_context = context(change).zip(context(patch)).is_none_or(|(change, patch)| change == patch);
    is_filter && is_context
}

/// Whether istiod may apply two EnvoyFilters to the same proxy: one is in the root namespace or both are in the same, and
/// no label tells the workloads apart.
fn may_share_proxies(one: &Attachment<'_>, other: &Attachment<'_>, root: &str) -> bool {
    let is_namespace =
        one.name.namespace == other.name.namespace || [one, other].iter().any(|it| it.name.namespace == root);
    let differ = |(one, other): (&Labels, &Labels)| {
        one.iter().any(|(key, value)| {
            other.iter().any(|(other_key, other_value)| key == other_key && value.as_str() != other_value.as_str())
        })
    };
    is_namespace && !one.selector.zip(other.selector).is_some_and(differ)
}

fn report_after(
    apply_to: ApplyTo,
    operation: &Spanned<PatchOperation>,
    after: Option<&str>,
    diagnostics: &mut Diagnostics,
) {
    let last = match (apply_to, after) {
        (ApplyTo::HttpFilter, _) => "the router".to_owned(),
        (_, Some(name)) => format!("`{name}`"),
        (_, None) => "the terminal filter".to_owned(),
    };
    let word = operation.value.as_str();
    let message = match after {
        Some(_) => {
            format!("the patch adds a filter after {last}, which must be the last, so Envoy rejects the listener")
        }
        None => {
            format!("`{word}` appends the filter after {last}, which must be the last, so Envoy rejects the listener")
        }
    };
    let first = || vec![Edit::set(operation.span, "INSERT_FIRST")];
    let help = match (apply_to, after) {
        (_, Some(_)) => Advice::write(Edit::set(operation.span, "INSERT_BEFORE")),
        (ApplyTo::HttpFilter, None) => {
            Advice::new(format!("write `INSERT_FIRST`, or `INSERT_BEFORE` with `{ROUTER}` as `subFilter`"))
                .option(first())
        }
        (_, None) => Advice::new("write `INSERT_FIRST`, or `INSERT_BEFORE` with the terminal filter in the `match`")
            .option(first()),
    };
    diagnostics.report(&AFTER_TERMINAL, operation.span, message).help(help);
}
