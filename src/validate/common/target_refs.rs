//! `targetRef` and `targetRefs` of policies (istio: `validateOneOfSelectorType`, `validatePolicyTargetReference`).

use super::field::{filled, place, text};
use super::selector;
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::validate::Family;
use crate::validate::violation::Found;

/// What a policy can be attached to: groups and their kinds.
const TARGETS: [(&str, &str); 5] = [
    ("", "Service"),
    ("core", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];

/// Checks what a policy is attached to. `has_selector`: it has a selector, be it an empty one.
fn check(
    has_selector: bool,
    one: Option<&PolicyTargetReference>,
    several: &[PolicyTargetReference],
    found: &mut Found<'_>,
) {
    let ways = [has_selector, one.is_some(), !several.is_empty()].into_iter().filter(|is_used| *is_used).count();
    if ways > 1
        && let Some(last) = several.first().or(one)
    {
        let message = "a policy takes only one of selector, targetRef and targetRefs";
        found.error("TR-4", Family::ConflictingFields, last.span, message).help("keep the one that is meant");
    }
    one.into_iter().chain(several).for_each(|target| check_target(target, found));
}

/// Checks a selector and what a policy is attached to.
pub fn check_with_selector(
    selected: Option<&MatchLabelsSelector>,
    one: Option<&PolicyTargetReference>,
    several: &[PolicyTargetReference],
    found: &mut Found<'_>,
) {
    if let Some(selected) = selected {
        selector::check(&selected.match_labels, selected.span, found);
    }
    check(selected.is_some(), one, several, found);
}

fn check_target(target: &PolicyTargetReference, found: &mut Found<'_>) {
    if text(&target.name).is_empty() {
        let span = place(&target.name, target.span);
        found.error("TR-1", Family::MissingField, span, "this target has no name").help("add name");
    }
    if let Some(namespace) = filled(&target.namespace) {
        found
            .error(
                "TR-2",
                Family::InvalidReference,
                namespace.span,
                "a target is always in the namespace of the policy",
            )
            .help("remove namespace, and put the policy beside its target");
    }
    let (group, kind) = (text(&target.group), text(&target.kind));
    if TARGETS.contains(&(group, kind)) {
        return;
    }
    let is_known_group = TARGETS.iter().any(|(known, _)| *known == group);
    let wrong = if is_known_group { &target.kind } else { &target.group };
    let message = match (group, kind) {
        (_, "") => "this target has no kind".to_owned(),
        ("", kind) => format!("a policy cannot be attached to a {kind} of the core group"),
        (group, kind) => format!("a policy cannot be attached to a {kind} of the group {group}"),
    };
    let kinds = "it takes Service, networking.istio.io ServiceEntry, gateway.networking.k8s.io Gateway or GatewayClass";
    found.error("TR-3", Family::InvalidReference, place(wrong, target.span), message).help(kinds);
}
