//! Conditions of an AuthorizationPolicy, the entries of `when` (istio: `security.ValidateAttribute`).

use super::{empty_values, without_value};
use crate::model::field::{PlacedField, TextField};
use crate::model::security::{PolicyAction, PolicyCondition};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::policy_syntax::{ConditionAttribute, is_map_key};
use crate::validate::quoted;
use crate::validate::violation::Violations;

pub(super) fn check(condition: &PolicyCondition, action: PolicyAction, violations: &mut Violations<'_>) {
    let Some(key) = condition.key.filled() else {
        let span = condition.key.place(condition.span);
        violations.error("AP-19", Mistake::MissingField, span, "the condition has no key").help("add `key`");
        return;
    };
    if action == PolicyAction::Custom && is_unavailable_to_custom(key) {
        let message = format!("a policy with action CUSTOM cannot use the attribute {}", quoted(key));
        violations.error("AP-4", Mistake::InvalidPolicy, key.span, message).help("let the provider check it");
    }
    if condition.values.is_empty() && condition.not_values.is_empty() {
        let message = "the condition has no values";
        violations.error("AP-20", Mistake::MissingField, key.span, message).help("add `values` or `notValues`");
    }
    let lists = [&condition.values, &condition.not_values];
    for (list, value) in empty_values(lists.into_iter().map(Vec::as_slice)) {
        violations.error("AP-22", Mistake::InvalidPolicy, value, "the value is empty").help(without_value(list, value));
    }
    // istiod does not check a list with an empty value any further.
    let complete: Vec<&Vec<Spanned<String>>> =
        lists.into_iter().filter(|list| list.iter().all(|value| !value.is_empty())).collect();
    if complete.is_empty() {
        return;
    }
    let attribute = ConditionAttribute::of(key);
    if check_key(key, attribute, violations) {
        complete.into_iter().flatten().for_each(|value| check_value(value, attribute, violations));
    }
}

fn is_unavailable_to_custom(key: &str) -> bool {
    matches!(key, "source.namespace" | "source.serviceAccount" | "source.trustDomain" | "source.principal")
        || key.starts_with("request.auth.")
}

/// Checks a key. Returns whether the values have to be checked.
fn check_key(key: &Spanned<String>, attribute: ConditionAttribute, violations: &mut Violations<'_>) -> bool {
    match attribute {
        ConditionAttribute::Map if !is_map_key(key) => {
            let message = format!("attribute {} has no name in brackets", quoted(key));
            let help = "add the name in brackets, as in `request.headers[x-user]`";
            violations.error("AP-23", Mistake::InvalidPolicy, key.span, message).help(help);
            false
        }
        ConditionAttribute::Removed => {
            let message = format!("Istio no longer supports the attribute {}", quoted(key));
            let help = "select workloads with `selector`, in the namespace of the policy";
            violations.error("AP-28", Mistake::InvalidPolicy, key.span, message).help(help);
            false
        }
        ConditionAttribute::Unknown => {
            let message = format!("attribute {} does not exist", quoted(key));
            let help =
                "use an attribute such as `source.ip`, `source.namespace`, `request.headers[…]` or `destination.port`";
            violations.error("AP-29", Mistake::InvalidPolicy, key.span, message).help(help);
            false
        }
        _ => true,
    }
}

fn check_value(value: &Spanned<String>, attribute: ConditionAttribute, violations: &mut Violations<'_>) {
    if attribute.allows(value) {
        return;
    }
    let (id, mistake, what, help) = match attribute {
        ConditionAttribute::Network => (
            "AP-24",
            Mistake::InvalidAddress,
            "IP address or CIDR range",
            "write an address such as `10.0.0.1`, or a range such as `10.0.0.0/8`",
        ),
        ConditionAttribute::ServiceAccount => (
            "AP-25",
            Mistake::InvalidReference,
            "service account",
            "write `name` or `namespace/name`, without wildcards",
        ),
        ConditionAttribute::TrustDomain => (
            "AP-26",
            Mistake::InvalidReference,
            "trust domain",
            "write a name such as `cluster.local`; a wildcard can be at the start or the end",
        ),
        ConditionAttribute::Port => ("AP-27", Mistake::InvalidPort, "port", "use a number from 0 to 65535"),
        ConditionAttribute::Any
        | ConditionAttribute::Map
        | ConditionAttribute::Removed
        | ConditionAttribute::Unknown => return,
    };
    let message = format!("{} is not a valid {what}", quoted(value));
    violations.error(id, mistake, value.span, message).help(help);
}
