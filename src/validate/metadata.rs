//! Annotations that Istio reserves, or that only some kinds can have (istio: `validateAnnotations` of the schemas).

use super::quoted;
use super::violation::{Mistake, Violations};
use crate::advice::{Advice, Edit};
use crate::model::kinds::is_istio;
use crate::model::security::PolicyAction;
use crate::model::{Resource, Spec};

/// The annotation that makes a policy log its decisions without enforcing them.
const DRY_RUN: &str = "istio.io/dry-run";

/// The texts that Go parses as a boolean.
pub(super) const BOOLEANS: [&str; 12] =
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

/// Annotations that istiod adds to resources that it generates, with the numbers of their checks.
const INTERNAL: [(&str, &str); 3] = [
    ("M-4", "internal.istio.io/webhook-always-reject"),
    ("M-5", "internal.istio.io/parent-namespace"),
    ("M-6", "internal.istio.io/parents"),
];

/// Checks the annotations. Returns whether the webhook rejects the resource, which it then does not check further.
pub(super) fn check(resource: &Resource, violations: &mut Violations<'_>) -> bool {
    is_istio(resource.kind.group()) && (check_dry_run(resource, violations) || check_internal(resource, violations))
}

fn check_dry_run(resource: &Resource, violations: &mut Violations<'_>) -> bool {
    let annotations = &resource.metadata.annotations;
    let Some((key, value)) = annotations.iter().find(|(key, _)| key.as_str() == DRY_RUN) else { return false };
    let Spec::AuthorizationPolicy(authorization_policy) = &resource.spec else {
        let message = format!("a {} cannot have the annotation `{DRY_RUN}`", resource.kind.name());
        violations
            .error("M-1", Mistake::InvalidMetadata, key.span, message)
            .help(Advice::new("remove it: only an AuthorizationPolicy has a dry run").fix([Edit::remove(key.span)]));
        return true;
    };
    match authorization_policy.action.as_ref().map_or(PolicyAction::Allow, |action| action.value) {
        PolicyAction::Allow | PolicyAction::Deny if BOOLEANS.contains(&value.as_str()) => false,
        PolicyAction::Allow | PolicyAction::Deny => {
            let message = format!("{} is not a boolean", quoted(value));
            violations
                .error("M-2", Mistake::InvalidMetadata, value.span, message)
                .help("write `\"true\"` or `\"false\"`");
            true
        }
        PolicyAction::Undefined(_) => false,
        action @ (PolicyAction::Audit | PolicyAction::Custom) => {
            let message = format!("a policy with action {} has no dry run", action.as_str());
            let edit = Edit::remove(key.span).of(DRY_RUN);
            let help = Advice::new(format!("remove {edit}, which needs action ALLOW or DENY")).fix([edit]);
            violations.error("M-3", Mistake::InvalidMetadata, key.span, message).help(help);
            true
        }
    }
}

fn check_internal(resource: &Resource, violations: &mut Violations<'_>) -> bool {
    let annotations = &resource.metadata.annotations;
    for (id, name) in INTERNAL {
        if let Some((key, _)) = annotations.iter().find(|(key, _)| key.as_str() == name) {
            let message = format!("annotation `{name}` is reserved for istiod");
            violations
                .error(id, Mistake::InvalidMetadata, key.span, message)
                .help(Advice::new("remove the annotation").fix([Edit::remove(key.span)]));
            return true;
        }
    }
    false
}
