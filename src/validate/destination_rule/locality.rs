//! Load balancing by localities (istio: `validateLocalityLbSetting`, `validateZoneAwareLbSetting`).

use super::locality_list;
use crate::model::networking::{
    LocalityDistribute, LocalityFailover, LocalityLbSetting, OutlierDetection, ZoneAwareLbSetting,
};
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::common::field::{place, text};
use crate::validate::violation::Found;

/// Labels that localities consist of, so that failing over by them is what proxies do anyway.
const TOPOLOGY: [&str; 3] =
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/// Checks shares and failover. Some mistakes hide all that follow.
pub fn check(setting: &LocalityLbSetting, detection: Option<&OutlierDetection>, found: &mut Found<'_>) {
    if let (Some(_), Some(failover)) = (setting.distribute.first(), setting.failover.first()) {
        let message = "distribute and failover exclude each other";
        found.error("LO-1", Family::ConflictingFields, failover.span, message).help("remove one of them");
        return;
    }
    let topology = setting.failover_priority.iter().find(|label| TOPOLOGY.contains(&label.as_str()));
    if let Some(label) = topology.filter(|_| !setting.failover.is_empty()) {
        let message = "with failover the order of localities is set already";
        found.error("LO-2", Family::ConflictingFields, label.span, message).help("remove this entry, or failover");
        return;
    }
    for distribute in &setting.distribute {
        if !check_shares(distribute, found) {
            return;
        }
        locality_list::check(distribute.to.iter().map(|(name, _)| (name.as_str(), name.span)), found);
    }
    let sources = setting.distribute.iter().map(|it| (text(&it.from), place(&it.from, it.span)));
    locality_list::check(sources, found);
    let fails_over = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
    if fails_over && detection.is_none() {
        let span = setting.failover.first().map_or(setting.span, |failover| failover.span);
        warn_of_missing_detection("LO-8", span, found);
    }
    check_failover(["LO-9", "LO-10", "LO-11"], &setting.failover, found);
}

/// Checks failover of clients that prefer their zone.
pub fn check_zones(setting: &ZoneAwareLbSetting, detection: Option<&OutlierDetection>, found: &mut Found<'_>) {
    for label in setting.failover_priority.iter().filter(|label| TOPOLOGY.contains(&label.as_str())) {
        let message = "the order of localities is set already";
        found.error("ZA-1", Family::ConflictingFields, label.span, message).help("remove this entry");
    }
    let fails_over = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
    if fails_over && detection.is_none() {
        let span = setting.failover.first().map_or(setting.span, |failover| failover.span);
        warn_of_missing_detection("ZA-2", span, found);
    }
    check_failover(["ZA-3", "ZA-4", "ZA-5"], &setting.failover, found);
}

fn warn_of_missing_detection(id: &'static str, span: Span, found: &mut Found<'_>) {
    let message = "without outlierDetection no endpoint is ever taken for failed";
    found.warning(id, Family::NoEffect, span, message).help("add outlierDetection beside loadBalancer");
}

/// Whether the shares of a locality are some.
fn check_shares(distribute: &LocalityDistribute, found: &mut Found<'_>) -> bool {
    let shares = || distribute.to.iter().map(|(_, share)| share);
    if let Some(share) = shares().find(|share| share.value == 0 || share.value > 100) {
        let message = format!("{} is no share", share.value);
        found.error("LO-3", Family::OutOfRange, share.span, message).help("it takes a number from 1 to 100");
        return false;
    }
    let sum: u32 = shares().map(|share| share.value).sum();
    if sum != 100 {
        let span = distribute.to.span.unwrap_or(distribute.span);
        let message = format!("the shares add up to {sum}, not 100");
        found.error("LO-4", Family::OutOfRange, span, message).help("let them add up to 100");
        return false;
    }
    true
}

fn check_failover([same, parts, wildcard]: [&'static str; 3], failover: &[LocalityFailover], found: &mut Found<'_>) {
    for it in failover {
        if text(&it.from) == text(&it.to) {
            let message = "a region cannot fail over to itself";
            found.error(same, Family::InvalidReference, place(&it.to, it.span), message).help("name another region");
        }
        let ends = [&it.from, &it.to].into_iter().flatten();
        let is = |letter: char| ends.clone().find(|end: &&Spanned<String>| end.contains(letter));
        if let Some(end) = is('/') {
            let message = format!("{:?} is more than a region", end.value);
            found.error(parts, Family::InvalidReference, end.span, message).help("name the region only");
        }
        if let Some(end) = is('*') {
            let message = "failover does not take wildcards";
            found.error(wildcard, Family::InvalidReference, end.span, message).help("name the region");
        }
    }
}
