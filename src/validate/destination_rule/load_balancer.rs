//! Load balancing (istio: `validateLoadBalancer`).

use std::collections::BTreeSet;

use super::locality;
use crate::model::networking::{
    ConsistentHashLb, HttpCookie, LoadBalancerSettings, MagLev, OutlierDetection, WarmupConfiguration,
};
use crate::validate::Family;
use crate::validate::common::duration;
use crate::validate::common::field::{filled, place, text};
use crate::validate::violation::Found;

/// Checks the settings of a policy with this outlier detection.
pub fn check(settings: &LoadBalancerSettings, detection: Option<&OutlierDetection>, found: &mut Found<'_>) {
    // Of the members of a one-of the last one counts.
    if let Some(hash) = settings.consistent_hash.as_ref().filter(|_| settings.backend_utilization.is_none()) {
        check_hash(hash, found);
    }
    if let (Some(_), Some(zones)) = (&settings.locality_lb_setting, &settings.zone_aware_lb_setting) {
        let message = "localityLbSetting and zoneAwareLbSetting exclude each other";
        found.error("LC-9", Family::ConflictingFields, zones.span, message).help("remove one of them");
    }
    if let Some(setting) = &settings.locality_lb_setting {
        locality::check(setting, detection, found);
    }
    if let Some(setting) = &settings.zone_aware_lb_setting {
        locality::check_zones(setting, detection, found);
    }
    if let Some(warmup) = &settings.warmup {
        check_warmup(warmup, found);
    }
}

fn check_hash(hash: &ConsistentHashLb, found: &mut Found<'_>) {
    let has_later_key = hash.use_source_ip.is_some() || hash.http_query_parameter_name.is_some();
    if let Some(cookie) = hash.http_cookie.as_ref().filter(|_| !has_later_key) {
        check_cookie(cookie, found);
    }
    if let Some(size) = hash.minimum_ring_size.filter(|size| size.value != 0) {
        let message = "minimumRingSize is an older form here";
        let help = format!("write ringHash: {{minimumRingSize: {}}}", size.value);
        found.warning("LC-4", Family::NoEffect, size.span, message).help(help);
        if hash.ring_hash.is_some() || hash.maglev.is_some() {
            let message = "minimumRingSize excludes ringHash and maglev";
            found.error("LC-5", Family::ConflictingFields, size.span, message).help("remove minimumRingSize");
        }
    }
    if let Some(maglev) = &hash.maglev {
        check_maglev(maglev, found);
    }
}

fn check_cookie(cookie: &HttpCookie, found: &mut Found<'_>) {
    if filled(&cookie.name).is_none() {
        found
            .error("LC-1", Family::MissingField, place(&cookie.name, cookie.span), "this cookie has no name")
            .help("add name");
    }
    let mut names = BTreeSet::new();
    for attribute in &cookie.attributes {
        let (name, span) = (text(&attribute.name), place(&attribute.name, attribute.span));
        if name.is_empty() {
            found.error("LC-2", Family::MissingField, span, "this attribute has no name").help("add name");
        }
        if !names.insert(name) {
            let message = format!("there are two attributes {name:?}");
            found.error("LC-3", Family::DuplicateEntry, span, message).help("remove one of them");
        }
    }
}

fn check_maglev(maglev: &MagLev, found: &mut Found<'_>) {
    /// The largest table that Envoy makes has less entries.
    const LIMIT: u64 = 5_000_011;
    let size = maglev.table_size.map_or(0, |size| size.value);
    let span = place(&maglev.table_size, maglev.span);
    let help = "write a prime number, such as 65537";
    if size == 0 {
        found.error("LC-6", Family::MissingField, span, "this table has no size").help(help);
    }
    if size >= LIMIT {
        let message = format!("a table of {size} entries is too large");
        found.error("LC-7", Family::OutOfRange, span, message).help("write a prime number below 5000011");
    }
    if !is_prime(size) {
        found.error("LC-8", Family::OutOfRange, span, format!("{size} is no prime number")).help(help);
    }
}

/// Whether istiod takes a number for a prime; 1 is one of them. What is too large anyway is not looked at.
fn is_prime(number: u64) -> bool {
    const TOO_LARGE: u64 = 1 << 40;
    let divides = |divisor: u64| number.is_multiple_of(divisor);
    number != 0 && (number > TOO_LARGE || !(2..).take_while(|divisor| divisor * divisor <= number).any(divides))
}

fn check_warmup(warmup: &WarmupConfiguration, found: &mut Found<'_>) {
    if warmup.duration.is_none() {
        found.error("LC-10", Family::MissingField, warmup.span, "warmup has no duration").help("add duration");
    }
    duration::check(warmup.duration, "LC-11", found);
    if let Some(percent) = warmup.minimum_percent.filter(|percent| percent.value > 100.0) {
        let message = format!("{} is no percentage", percent.value);
        found.error("LC-12", Family::OutOfRange, percent.span, message).help("it takes a number from 0 to 100");
    }
    if let Some(aggression) = warmup.aggression.filter(|aggression| aggression.value <= 0.0) {
        let message = "aggression must be more than 0";
        found.error("LC-13", Family::OutOfRange, aggression.span, message).help("write 1.0, or remove it");
    }
}
