//! How policies are named, and what they are said to do.

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

/// What came of a rule that was considered.
pub(super) fn came_of(policy: &PolicyVerdict, step: &Step) -> String {
    let condition = step.condition.as_deref().unwrap_or_default();
    match (step.verdict, &step.wanted) {
        (Verdict::Matched, _) => format!("matches the request: {}", policy.action),
        (_, Some(wanted)) => {
            let seen = step.seen.as_ref().map_or_else(|| "is absent".to_owned(), |seen| format!("is {seen:?}"));
            format!("{condition} {seen}, wanted: {wanted}")
        }
        (_, None) => condition.to_owned(),
    }
}
