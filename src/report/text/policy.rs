//! The names of policies and the results of their rules.

use super::words::clean;
use crate::simulate::{PolicyVerdict, Step, Verdict};

/// `AuthorizationPolicy default/only-get rules[0]`.
pub(super) fn name(policy: &PolicyVerdict) -> String {
    let rule = policy.rule.map(|index| format!(" {}[{index}]", rules(policy))).unwrap_or_default();
    clean(&format!("{} {}{rule}", policy.kind, policy.name))
}

fn rules(policy: &PolicyVerdict) -> &'static str {
    if policy.kind == "RequestAuthentication" { "jwtRules" } else { "rules" }
}

/// The line above the excerpt.
pub(super) fn decides(policy: &PolicyVerdict) -> String {
    let what = policy.rule.map_or_else(|| policy.kind.to_owned(), |index| format!("{}[{index}]", rules(policy)));
    let reason = policy.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    clean(&format!("{what} decides ({}){reason}", policy.action))
}

/// The result of a policy rule that was considered.
pub(super) fn result_of(policy: &PolicyVerdict, step: &Step) -> String {
    let condition = step.condition.as_deref().unwrap_or_default();
    match (step.verdict, &step.wanted) {
        (Verdict::Matched, _) => format!("matches the request: {}", policy.action),
        (_, Some(wanted)) => {
            let seen = step.seen.as_ref().map_or_else(|| "is missing".to_owned(), |seen| format!("is {seen:?}"));
            format!("{condition} {seen}, expected: {wanted}")
        }
        (_, None) => condition.to_owned(),
    }
}
