//! What a policy is attached to (istio: `validatePolicyTargetReference`, `validateOneOfSelectorType`).

use crate::model::networking::LabelSelector;
use crate::model::security::PolicyTargetReference;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::violation::Found;

use super::selector;

const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// Checks a selector and target references, and that there is only one sort of them.
pub fn check(
    selected: Option<&LabelSelector>,
    target_ref: Option<&PolicyTargetReference>,
    target_refs: &[PolicyTargetReference],
    found: &mut Found<'_>,
) {
    if let Some(selected) = selected {
        selector::check(&selected.match_labels, selected.span, found);
    }
    for target in target_ref.into_iter().chain(target_refs) {
        check_one(target, found);
    }
    let places =
        [selected.map(|it| it.span), target_ref.map(|it| it.span), target_refs.first().map(|target| target.span)];
    if let [_, second, ..] = places.into_iter().flatten().collect::<Vec<_>>()[..] {
        found
            .error("TR-4", Family::ConflictingFields, second, "only one of selector, targetRef and targetRefs is taken")
            .help("keep the one that is meant");
    }
}

fn check_one(target: &PolicyTargetReference, found: &mut Found<'_>) {
    let text = |field: &Option<Spanned<String>>| field.as_ref().map_or_else(String::new, |it| it.value.clone());
    if text(&target.name).is_empty() {
        let span = target.name.as_ref().map_or(target.span, |name| name.span);
        found.error("TR-1", Family::InvalidReference, span, "this reference has no name").help("add name");
    }
    if let Some(namespace) = target.namespace.as_ref().filter(|namespace| !namespace.is_empty()) {
        found
            .error("TR-2", Family::InvalidReference, namespace.span, "a reference does not leave its namespace")
            .help("remove namespace, and put the resource beside what it is attached to");
    }
    let (group, kind) = (text(&target.group), text(&target.kind));
    let is_known = match group.as_str() {
        "" | "core" => kind == "Service",
        "networking.istio.io" => kind == "ServiceEntry",
        GATEWAY_API => kind == "Gateway" || kind == "GatewayClass",
        _ => false,
    };
    if !is_known {
        let span = target.kind.as_ref().or(target.group.as_ref()).map_or(target.span, |it| it.span);
        let message = format!("a policy cannot be attached to kind {kind:?} of group {group:?}");
        let help = format!(
            "it takes Service (no group), ServiceEntry (networking.istio.io), Gateway and GatewayClass ({GATEWAY_API})"
        );
        found.error("TR-3", Family::InvalidReference, span, message).help(help);
    }
}
