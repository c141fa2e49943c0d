//! AuthorizationPolicy (istio: `ValidateAuthorizationPolicy`).

mod condition;
mod operation;
mod source;

use super::fields::target_refs;
use super::violation::{Mistake, Violations};
use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::security::{AuthorizationPolicy, AuthorizationRule, Operation, PolicyAction, Source};
use crate::source::{Span, Spanned};

pub(super) fn check(authorization_policy: &AuthorizationPolicy, violations: &mut Violations<'_>) {
    target_refs::check_with_selector(
        authorization_policy.selector.as_ref(),
        authorization_policy.target_ref.as_ref(),
        &authorization_policy.target_refs,
        violations,
    );
    let action = authorization_policy.action.as_ref().map_or(PolicyAction::Allow, |action| action.value);
    check_action(authorization_policy, action, violations);
    for rule in &authorization_policy.rules {
        for from in &rule.from {
            match &from.source {
                Some(source) => source::check(source, action, violations),
                None => {
                    let message = "the `from` entry has no source";
                    violations.error("AP-7", Mistake::MissingField, from.span, message).help("add `source`");
                }
            }
        }
        for to in &rule.to {
            match &to.operation {
                Some(operation) => operation::check(operation, violations),
                None => {
                    let message = "the `to` entry has no operation";
                    violations.error("AP-14", Mistake::MissingField, to.span, message).help("add `operation`");
                }
            }
        }
        rule.when.iter().for_each(|condition| condition::check(condition, action, violations));
        if action == PolicyAction::Deny {
            warn_of_tcp(rule, violations);
        }
    }
}

/// Checks the fields that each action needs.
fn check_action(authorization_policy: &AuthorizationPolicy, action: PolicyAction, violations: &mut Violations<'_>) {
    let place = authorization_policy.action.place(authorization_policy.span);
    if action != PolicyAction::Custom {
        if let Some(provider) = &authorization_policy.provider {
            let message = "`provider` is only allowed with action CUSTOM";
            let help = "remove `provider`, or write `action: CUSTOM`";
            violations.error("AP-5", Mistake::InvalidPolicy, provider.span, message).help(help);
        }
        if action == PolicyAction::Deny && authorization_policy.rules.is_empty() {
            let message = "a policy with action DENY needs rules";
            let help = "add `rules`; to deny all requests, write an ALLOW policy without rules";
            violations.error("AP-6", Mistake::InvalidPolicy, place, message).help(help);
        }
        return;
    }
    if authorization_policy.rules.is_empty() {
        let message = "a policy with action CUSTOM needs rules";
        let help = "add `rules`; the empty rule `{}` matches every request";
        violations.error("AP-1", Mistake::InvalidPolicy, place, message).help(help);
    } else if authorization_policy.provider.as_ref().is_none_or(|provider| provider.name.filled().is_none()) {
        let span = authorization_policy.provider.as_ref().map_or(place, |provider| provider.span);
        let message = "a policy with action CUSTOM needs a provider with a name";
        let help = "set `provider.name` to one of the `extensionProviders` of the MeshConfig";
        violations.error("AP-2", Mistake::InvalidPolicy, span, message).help(help);
    }
}

/// Warns about a rule that denies all TCP traffic: one without ports, or with HTTP attributes only. Proxies skip the
/// conditions that they cannot evaluate for a TCP connection.
fn warn_of_tcp(rule: &AuthorizationRule, violations: &mut Violations<'_>) {
    let sources = rule.from.iter().filter_map(|from| from.source.as_ref());
    let mut operations = rule.to.iter().filter_map(|to| to.operation.as_ref());
    let (message, span) = match (rule.from.first(), rule.to.first()) {
        (Some(from), None) if !sources.into_iter().any(matches_connections) => {
            ("the rule denies all TCP traffic, because its sources only match HTTP requests", from.span)
        }
        (_, Some(to)) if !operations.any(Operation::has_ports) => {
            ("the rule denies all TCP traffic, because no operation has `ports`", to.span)
        }
        _ => return,
    };
    violations.warning("AP-21", Mistake::DeniesTcp, span, message).help("set `operation.ports` to the HTTP ports");
}

/// Whether a source has an attribute that TCP connections have too.
fn matches_connections(source: &Source) -> bool {
    let known: [&[Spanned<String>]; 10] = [
        &source.principals,
        &source.not_principals,
        &source.namespaces,
        &source.not_namespaces,
        &source.service_accounts,
        &source.not_service_accounts,
        &source.ip_blocks,
        &source.not_ip_blocks,
        &source.remote_ip_blocks,
        &source.not_remote_ip_blocks,
    ];
    known.iter().any(|list| !list.is_empty())
}

/// The empty values of some lists, each with its list.
fn empty_values<'l>(
    lists: impl IntoIterator<Item = &'l [Spanned<String>]>,
) -> impl Iterator<Item = (&'l [Spanned<String>], Span)> {
    lists.into_iter().flat_map(|list| list.iter().filter(|it| it.is_empty()).map(move |it| (list, it.span)))
}

/// A help to remove an empty value. Without its only value, the part of the rule would be empty.
fn without_value(list: &[Spanned<String>], value: Span) -> Advice {
    match list.len() {
        1 => "write a value".into(),
        _ => Advice::new("remove the value").fix([Edit::remove(value)]),
    }
}
