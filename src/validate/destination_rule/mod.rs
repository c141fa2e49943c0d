//! DestinationRule (istio: `ValidateDestinationRule`).

mod load_balancer;
mod locality;
mod locality_list;
mod outlier_detection;
mod tls;
mod traffic_policy;

use std::collections::BTreeSet;

use super::fields::{export_to, labels, selector};
use super::syntax::{is_label, is_wildcard_domain};
use super::violation::{Mistake, Violations};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{DestinationRule, Subset, TrafficPolicy};
use crate::validate::quoted;

pub(super) fn check(destination_rule: &DestinationRule, violations: &mut Violations<'_>) {
    check_host(destination_rule, violations);
    if let Some(policy) = &destination_rule.traffic_policy {
        traffic_policy::check(policy, None, violations);
    }
    let mut names = BTreeSet::new();
    for subset in &destination_rule.subsets {
        let name = subset.name.text();
        if !names.insert(name) {
            let message = match name {
                "" => "2 subsets have no name".to_owned(),
                name => format!("2 subsets have the name {}", quoted(name)),
            };
            let span = subset.name.place(subset.span);
            violations.error("SS-1", Mistake::DuplicateEntry, span, message).help("rename one of them");
        }
        check_subset(subset, destination_rule.traffic_policy.as_ref(), violations);
    }
    let selected = destination_rule.workload_selector.as_ref();
    let allowed = if selected.is_some() {
        export_to::AllowedExports::OwnNamespace
    } else {
        export_to::AllowedExports::Namespaces
    };
    export_to::check(&destination_rule.export_to, allowed, violations);
    if let Some(selected) = selected {
        selector::check(&selected.match_labels, selected.span, violations);
    }
}

fn check_host(destination_rule: &DestinationRule, violations: &mut Violations<'_>) {
    match destination_rule.host.text() {
        "" => {
            let span = destination_rule.host.place(destination_rule.span);
            violations
                .error("DR-1", Mistake::MissingField, span, "the DestinationRule has no host")
                .help("add `host`, the name of a service");
        }
        host if !is_wildcard_domain(host) => {
            let span = destination_rule.host.place(destination_rule.span);
            violations
                .error("DR-1", Mistake::InvalidHost, span, format!("{} is not a valid host", quoted(host)))
                .help("write the name of a service, such as `reviews` or `reviews.shop.svc.cluster.local`");
        }
        _ => {}
    }
}

fn check_subset(subset: &Subset, outer: Option<&TrafficPolicy>, violations: &mut Violations<'_>) {
    match subset.name.text() {
        "" => {
            violations.error("SS-2", Mistake::MissingField, subset.span, "the subset has no name").help("add `name`");
        }
        name if !is_label(name) => {
            let message = format!("{} is not a valid subset name", quoted(name));
            violations
                .error("SS-2", Mistake::InvalidReference, subset.name.place(subset.span), message)
                .help("use up to 63 letters, digits and dashes, such as `v1-0-1`");
        }
        _ => {}
    }
    labels::check(&subset.labels, violations);
    if let Some(policy) = &subset.traffic_policy {
        violations.losing_warnings(|violations| traffic_policy::check(policy, outer, violations));
    }
}
