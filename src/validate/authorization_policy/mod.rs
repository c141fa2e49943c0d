//! AuthorizationPolicy (istio: `ValidateAuthorizationPolicy`).

mod condition;
mod operation;
mod source;

use super::common::field::{filled, place};
use super::common::target_refs;
use super::violation::{Family, Found};
use crate::model::security::{AuthorizationPolicy, AuthorizationRule, Operation, PolicyAction, Source};
use crate::source::Spanned;

pub(super) fn check(policy: &AuthorizationPolicy, found: &mut Found<'_>) {
    target_refs::check_with_selector(policy.selector.as_ref(), policy.target_ref.as_ref(), &policy.target_refs, found);
    let action = policy.action.as_ref().map_or(PolicyAction::Allow, |action| action.value);
    check_action(policy, action, found);
    for rule in &policy.rules {
        for from in &rule.from {
            match &from.source {
                Some(wanted) => source::check(wanted, action, found),
                None => {
                    let message = "this entry of from has no source";
                    found.error("AP-7", Family::MissingField, from.span, message).help("add source");
                }
            }
        }
        for to in &rule.to {
            match &to.operation {
                Some(wanted) => operation::check(wanted, found),
                None => {
                    let message = "this entry of to has no operation";
                    found.error("AP-14", Family::MissingField, to.span, message).help("add operation");
                }
            }
        }
        rule.when.iter().for_each(|wanted| condition::check(wanted, action, found));
        if action == PolicyAction::Deny {
            warn_of_tcp(rule, found);
        }
    }
}

/// What each action needs.
fn check_action(policy: &AuthorizationPolicy, action: PolicyAction, found: &mut Found<'_>) {
    let place = place(&policy.action, policy.span);
    if action != PolicyAction::Custom {
        if let Some(provider) = &policy.provider {
            let message = "a provider is only asked if the action is CUSTOM";
            let help = "remove provider, or write action: CUSTOM";
            found.error("AP-5", Family::InvalidPolicy, provider.span, message).help(help);
        }
        if action == PolicyAction::Deny && policy.rules.is_empty() {
            let message = "a policy with the action DENY and no rules denies nothing";
            let help = "add rules; to deny everything, remove action and leave the policy without rules";
            found.error("AP-6", Family::InvalidPolicy, place, message).help(help);
        }
        return;
    }
    if policy.rules.is_empty() {
        let message = "a policy with the action CUSTOM and no rules asks about nothing";
        let help = "add rules; a rule {} takes every request";
        found.error("AP-1", Family::InvalidPolicy, place, message).help(help);
    } else if policy.provider.as_ref().is_none_or(|provider| filled(&provider.name).is_none()) {
        let span = policy.provider.as_ref().map_or(place, |provider| provider.span);
        let message = "the action CUSTOM needs a provider with a name";
        let help = "add provider.name, one of the extensionProviders of the mesh";
        found.error("AP-2", Family::InvalidPolicy, span, message).help(help);
    }
}

/// A rule without a port, or with only what HTTP requests have, denies TCP traffic as a whole, since a proxy passes
/// over what it cannot tell.
fn warn_of_tcp(rule: &AuthorizationRule, found: &mut Found<'_>) {
    let sources = rule.from.iter().filter_map(|from| from.source.as_ref());
    let mut operations = rule.to.iter().filter_map(|to| to.operation.as_ref());
    let (message, span) = match (rule.from.first(), rule.to.first()) {
        (Some(from), None) if !sources.into_iter().any(tells_connections) => {
            ("this rule denies all TCP traffic, since its sources are known of requests only", from.span)
        }
        (_, Some(to)) if !operations.any(has_port) => {
            ("this rule denies all TCP traffic, since no operation names a port", to.span)
        }
        _ => return,
    };
    found.warning("AP-21", Family::DeniesTcp, span, message).help("name the ports of HTTP in operation.ports");
}

/// Whether a source says something that is known of a connection.
fn tells_connections(source: &Source) -> bool {
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

fn has_port(operation: &Operation) -> bool {
    !operation.ports.is_empty() || !operation.not_ports.is_empty()
}
