//! Policies and their rules, as answers name them.

use super::answer::PolicyVerdict;
use crate::model::security::PolicyAction;
use crate::policy::{Cause, PolicyRef};
use crate::source::Span;
use crate::world::World;

/// The action in the API's words; `token` for a RequestAuthentication, which has no action.
pub(super) fn action_word(action: Option<PolicyAction>) -> &'static str {
    action.map_or("token", PolicyAction::as_str)
}

/// A policy, or the rule of it at `span`.
pub(super) fn of_policy(
    world: &World<'_>,
    policy: &PolicyRef,
    action: &'static str,
    rule: Option<usize>,
    span: Option<Span>,
) -> PolicyVerdict {
    let span = span.unwrap_or(policy.span);
    PolicyVerdict {
        kind: policy.kind,
        name: policy.name.clone(),
        action,
        rule,
        file: policy.file.clone(),
        line: world.snapshot.sources.start(span).line,
        reason: None,
        span,
    }
}

/// The policy that decided.
pub(super) fn of(world: &World<'_>, cause: &Cause) -> PolicyVerdict {
    let (index, span) = cause.rule.unzip();
    let verdict = of_policy(world, &cause.policy, action_word(cause.action), index, span);
    PolicyVerdict { reason: cause.reason.clone(), ..verdict }
}
