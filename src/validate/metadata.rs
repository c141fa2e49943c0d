//! Annotations that Istio keeps to itself, or that only some kinds take (istio: `validateAnnotations` of the schemas).

use super::violation::{Family, Found};
use crate::model::kinds::is_istio;
use crate::model::security::PolicyAction;
use crate::model::{Resource, Spec};

/// Lets a policy only write down what it would do.
const DRY_RUN: &str = "istio.io/dry-run";

/// What Go reads as a boolean.
pub(super) const BOOLEANS: [&str; 12] =
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

/// Annotations that istiod gives to resources that it makes itself, with the numbers of their rules.
const INTERNAL: [(&str, &str); 3] = [
    ("M-4", "internal.istio.io/webhook-always-reject"),
    ("M-5", "internal.istio.io/parent-namespace"),
    ("M-6", "internal.istio.io/parents"),
];

/// Checks the annotations. Whether the resource is refused: nothing else is looked at then.
pub(super) fn check(resource: &Resource, found: &mut Found<'_>) -> bool {
    is_istio(resource.kind.group()) && (check_dry_run(resource, found) || check_internal(resource, found))
}

fn check_dry_run(resource: &Resource, found: &mut Found<'_>) -> bool {
    let annotations = &resource.metadata.annotations;
    let Some((key, value)) = annotations.iter().find(|(key, _)| key.as_str() == DRY_RUN) else { return false };
    let Spec::AuthorizationPolicy(policy) = &resource.spec else {
        let message = format!("a {} takes no {DRY_RUN}", resource.kind.name());
        found
            .error("M-1", Family::InvalidMetadata, key.span, message)
            .help("remove it: only an AuthorizationPolicy can be tried out");
        return true;
    };
    match policy.action.as_ref().map_or(PolicyAction::Allow, |action| action.value) {
        PolicyAction::Allow | PolicyAction::Deny if BOOLEANS.contains(&value.as_str()) => false,
        PolicyAction::Allow | PolicyAction::Deny => {
            let message = format!("{:?} is no boolean", value.value);
            found.error("M-2", Family::InvalidMetadata, value.span, message).help("write \"true\" or \"false\"");
            true
        }
        PolicyAction::Undefined(_) => false,
        action @ (PolicyAction::Audit | PolicyAction::Custom) => {
            let message = format!("a policy with the action {} cannot be tried out", action.as_str());
            let help = format!("remove {DRY_RUN}: it takes the actions ALLOW and DENY");
            found.error("M-3", Family::InvalidMetadata, key.span, message).help(help);
            true
        }
    }
}

fn check_internal(resource: &Resource, found: &mut Found<'_>) -> bool {
    let annotations = &resource.metadata.annotations;
    for (id, name) in INTERNAL {
        if let Some((key, _)) = annotations.iter().find(|(key, _)| key.as_str() == name) {
            let message = format!("{name} is kept for istiod's own use");
            found.error(id, Family::InvalidMetadata, key.span, message).help("remove it");
            return true;
        }
    }
    false
}
