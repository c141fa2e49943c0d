//! What else has to hold (istio: `security.ValidateAttribute`).

use crate::model::security::{PolicyAction, PolicyCondition};
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::field::{filled, place};
use crate::validate::policy_syntax::{Attribute, is_map_key};
use crate::validate::violation::Found;

pub(super) fn check(condition: &PolicyCondition, action: PolicyAction, found: &mut Found<'_>) {
    let Some(key) = filled(&condition.key) else {
        let span = place(&condition.key, condition.span);
        found.error("AP-19", Family::MissingField, span, "this condition has no key").help("add key");
        return;
    };
    if action == PolicyAction::Custom && is_unknown_to_custom(key) {
        let message = format!("{} is not known when the action CUSTOM is taken", key.value);
        found.error("AP-4", Family::InvalidPolicy, key.span, message).help("let the provider look at it");
    }
    if condition.values.is_empty() && condition.not_values.is_empty() {
        let message = "this condition has no values";
        found.error("AP-20", Family::MissingField, key.span, message).help("add values or notValues");
    }
    let lists = [&condition.values, &condition.not_values];
    lists.iter().flat_map(|list| list.iter()).filter(|value| value.is_empty()).for_each(|value| {
        found.error("AP-22", Family::InvalidPolicy, value.span, "this value is empty").help("remove it");
    });
    // A list with an empty value is not looked at any further.
    let whole: Vec<&Vec<Spanned<String>>> =
        lists.into_iter().filter(|list| list.iter().all(|value| !value.is_empty())).collect();
    if whole.is_empty() {
        return;
    }
    let attribute = Attribute::of(key);
    if check_key(key, attribute, found) {
        whole.into_iter().flatten().for_each(|value| check_value(value, attribute, found));
    }
}

fn is_unknown_to_custom(key: &str) -> bool {
    matches!(key, "source.namespace" | "source.serviceAccount" | "source.trustDomain" | "source.principal")
        || key.starts_with("request.auth.")
}

/// Checks a key. Whether its values matter.
fn check_key(key: &Spanned<String>, attribute: Attribute, found: &mut Found<'_>) -> bool {
    match attribute {
        Attribute::Map if !is_map_key(key) => {
            let message = format!("{:?} has nothing in brackets", key.value);
            let help = "write the name in brackets, as in request.headers[x-user]";
            found.error("AP-23", Family::InvalidPolicy, key.span, message).help(help);
            false
        }
        Attribute::Removed => {
            let message = format!("{} is no condition any more", key.value);
            let help = "choose the workloads by selector, and the namespace by that of the policy";
            found.error("AP-28", Family::InvalidPolicy, key.span, message).help(help);
            false
        }
        Attribute::Unknown => {
            let message = format!("there is no attribute {:?}", key.value);
            let help = "it takes attributes such as source.ip, source.namespace, request.headers[…], destination.port";
            found.error("AP-29", Family::InvalidPolicy, key.span, message).help(help);
            false
        }
        _ => true,
    }
}

fn check_value(value: &Spanned<String>, attribute: Attribute, found: &mut Found<'_>) {
    if attribute.takes(value) {
        return;
    }
    let (id, family, what, help) = match attribute {
        Attribute::Network => {
            ("AP-24", Family::InvalidAddress, "no address and no network", "write 10.0.0.1 or 10.0.0.0/8")
        }
        Attribute::ServiceAccount => (
            "AP-25",
            Family::InvalidReference,
            "no service account",
            "write its name or namespace/name, without wildcards",
        ),
        Attribute::TrustDomain => (
            "AP-26",
            Family::InvalidReference,
            "no trust domain",
            "write a name such as cluster.local; it may begin or end with *",
        ),
        Attribute::Port => ("AP-27", Family::InvalidPort, "no port", "it takes a number from 0 to 65535"),
        Attribute::Any | Attribute::Map | Attribute::Removed | Attribute::Unknown => return,
    };
    let message = format!("{:?} is {what}", value.value);
    found.error(id, family, value.span, message).help(help);
}
