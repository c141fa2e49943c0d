//! `targetRef` and `targetRefs` of policies (istio: `validateOneOfSelectorType`, `validatePolicyTargetReference`).

use super::selector;
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The groups and kinds that a policy can be attached to.
const TARGETS: [(&str, &str); 5] = [
    ("", "Service"),
    ("core", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];

/// Checks the targets of a policy. `has_selector` says whether the policy has a selector, even an empty one.
fn check(
    has_selector: bool,
    one: Option<&PolicyTargetReference>,
    several: &[PolicyTargetReference],
    violations: &mut Violations<'_>,
) {
    let ways = [has_selector, one.is_some(), !several.is_empty()].into_iter().filter(|is_used| *is_used).count();
    if ways > 1
        && let Some(last) = several.first().or(one)
    {
        let message = "`selector`, `targetRef` and `targetRefs` exclude each other";
        violations.error("TR-4", Mistake::ConflictingFields, last.span, message).help("keep one of them");
    }
    one.into_iter().chain(several).for_each(|target| check_target(target, violations));
}

/// Checks the selector and the targets of a policy.
pub fn check_with_selector(
    selected: Option<&MatchLabelsSelector>,
    one: Option<&PolicyTargetReference>,
    several: &[PolicyTargetReference],
    violations: &mut Violations<'_>,
) {
    if let Some(selected) = selected {
        selector::check(&selected.match_labels, selected.span, violations);
    }
    check(selected.is_some(), one, several, violations);
}

fn check_target(target: &PolicyTargetReference, violations: &mut Violations<'_>) {
    if target.name.text().is_empty() {
        let span = target.name.place(target.span);
        violations.error("TR-1", Mistake::MissingField, span, "the target has no name").help("add `name`");
    }
    if let Some(namespace) = target.namespace.filled() {
        violations
            .error(
                "TR-2",
                Mistake::InvalidReference,
                namespace.span,
                "a target cannot have a namespace: it is in the namespace of the policy",
            )
            .help("remove `namespace`, and put the policy into the namespace of the target");
    }
    let (group, kind) = (target.group.text(), target.kind.text());
    if TARGETS.contains(&(group, kind)) {
        return;
    }
    let is_known_group = TARGETS.iter().any(|(known, _)| *known == group);
    let wrong = if is_known_group { &target.kind } else { &target.group };
    let message = match (group, kind) {
        (_, "") => "the target has no kind".to_owned(),
        ("", kind) => format!("a policy cannot be attached to kind {} of the core group", quoted(kind)),
        (group, kind) => format!("a policy cannot be attached to kind {} of group {}", quoted(kind), quoted(group)),
    };
    let kinds =
        "use a Service, a `networking.istio.io` ServiceEntry, or a `gateway.networking.k8s.io` Gateway or GatewayClass";
    violations.error("TR-3", Mistake::InvalidReference, wrong.place(target.span), message).help(kinds);
}
