//! DestinationRule (istio: `ValidateDestinationRule`).

mod load_balancer;
mod locality;
mod locality_list;
mod outlier_detection;
mod tls;
mod traffic_policy;

use std::collections::BTreeSet;

use super::common::field::{place, text};
use super::common::{export_to, labels, selector};
use super::syntax::{is_label, is_wildcard_domain};
use super::violation::{Family, Found};
use crate::model::networking::{DestinationRule, Subset, TrafficPolicy};

pub(super) fn check(rule: &DestinationRule, found: &mut Found<'_>) {
    check_host(rule, found);
    if let Some(policy) = &rule.traffic_policy {
        traffic_policy::check(policy, None, found);
    }
    let mut names = BTreeSet::new();
    for subset in &rule.subsets {
        let name = text(&subset.name);
        if !names.insert(name) {
            let message = match name {
                "" => "two subsets have no name".to_owned(),
                name => format!("two subsets are named {name}"),
            };
            let span = place(&subset.name, subset.span);
            found.error("SS-1", Family::DuplicateEntry, span, message).help("give one of them another name");
        }
        check_subset(subset, rule.traffic_policy.as_ref(), found);
    }
    let selected = rule.workload_selector.as_ref();
    let takes = if selected.is_some() { export_to::Takes::OwnOnly } else { export_to::Takes::Usual };
    export_to::check(&rule.export_to, takes, found);
    if let Some(selected) = selected {
        selector::check(&selected.match_labels, selected.span, found);
    }
}

fn check_host(rule: &DestinationRule, found: &mut Found<'_>) {
    match text(&rule.host) {
        "" => {
            let span = place(&rule.host, rule.span);
            found
                .error("DR-1", Family::MissingField, span, "this DestinationRule has no host")
                .help("name the service");
        }
        host if !is_wildcard_domain(host) => {
            let span = place(&rule.host, rule.span);
            found
                .error("DR-1", Family::InvalidHost, span, format!("{host:?} is no host"))
                .help("write the name of a service, such as reviews or reviews.shop.svc.cluster.local");
        }
        _ => {}
    }
}

fn check_subset(subset: &Subset, outer: Option<&TrafficPolicy>, found: &mut Found<'_>) {
    match text(&subset.name) {
        "" => {
            found.error("SS-2", Family::MissingField, subset.span, "this subset has no name").help("add name");
        }
        name if !is_label(name) => {
            let message = format!("{name:?} is no name of a subset");
            found
                .error("SS-2", Family::InvalidReference, place(&subset.name, subset.span), message)
                .help("it takes up to 63 letters, digits and dashes: v1-0-1, not v1.0.1");
        }
        _ => {}
    }
    labels::check(&subset.labels, found);
    if let Some(policy) = &subset.traffic_policy {
        found.losing_warnings(|found| traffic_policy::check(policy, outer, found));
    }
}
