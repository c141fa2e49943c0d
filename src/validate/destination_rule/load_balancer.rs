//! Load balancing (istio: `validateLoadBalancer`).

use std::collections::BTreeSet;

use super::locality;
use crate::advice::{Advice, Edit, Literal};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{
    ConsistentHashLb, HttpCookie, LoadBalancerSettings, MagLev, OutlierDetection, WarmupConfiguration,
};
use crate::validate::Mistake;
use crate::validate::fields::duration;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// Checks load balancer settings. `detection` is the outlier detection that applies with them.
pub fn check(settings: &LoadBalancerSettings, detection: Option<&OutlierDetection>, violations: &mut Violations<'_>) {
    // The last member of a one-of wins.
    if let Some(hash) = settings.consistent_hash.as_ref().filter(|_| settings.backend_utilization.is_none()) {
        check_hash(hash, violations);
    }
    if let (Some(_), Some(zones)) = (&settings.locality_lb_setting, &settings.zone_aware_lb_setting) {
        let message = "`localityLbSetting` and `zoneAwareLbSetting` exclude each other";
        violations.error("LC-9", Mistake::ConflictingFields, zones.span, message).help("remove one of the two");
    }
    if let Some(setting) = &settings.locality_lb_setting {
        locality::check(setting, detection, violations);
    }
    if let Some(setting) = &settings.zone_aware_lb_setting {
        locality::check_zones(setting, detection, violations);
    }
    if let Some(warmup) = &settings.warmup {
        check_warmup(warmup, violations);
    }
}

fn check_hash(hash: &ConsistentHashLb, violations: &mut Violations<'_>) {
    let has_later_key = hash.use_source_ip.is_some() || hash.http_query_parameter_name.is_some();
    if let Some(cookie) = hash.http_cookie.as_ref().filter(|_| !has_later_key) {
        check_cookie(cookie, violations);
    }
    if let Some(size) = hash.minimum_ring_size.filter(|size| size.value != 0) {
        let message = "`minimumRingSize` is deprecated";
        let has_other = hash.ring_hash.is_some() || hash.maglev.is_some();
        let number = Literal::Number(i64::try_from(size.value).unwrap_or(i64::MAX));
        let literal = Literal::Map(vec![("minimumRingSize".to_owned(), number)]);
        let edit = Edit::replace(size.span, "ringHash", literal);
        let help = Advice::new(format!("write {edit}"));
        let help = if has_other { help } else { help.fix([edit]) };
        violations.warning("LC-4", Mistake::OlderForm, size.span, message).help(help);
        if has_other {
            let message = "`minimumRingSize` excludes `ringHash` and `maglev`";
            violations.error("LC-5", Mistake::ConflictingFields, size.span, message).remove("minimumRingSize");
        }
    }
    if let Some(maglev) = &hash.maglev {
        check_maglev(maglev, violations);
    }
}

fn check_cookie(cookie: &HttpCookie, violations: &mut Violations<'_>) {
    if cookie.name.filled().is_none() {
        violations
            .error("LC-1", Mistake::MissingField, cookie.name.place(cookie.span), "the cookie has no name")
            .help("add `name`");
    }
    let mut names = BTreeSet::new();
    for attribute in &cookie.attributes {
        let (name, span) = (attribute.name.text(), attribute.name.place(attribute.span));
        if name.is_empty() {
            violations
                .error("LC-2", Mistake::MissingField, span, "the cookie attribute has no name")
                .help("add `name`");
        }
        if !names.insert(name) {
            let message = format!("cookie attribute {} is listed twice", quoted(name));
            violations.error("LC-3", Mistake::DuplicateEntry, span, message).help("remove one of the two");
        }
    }
}

fn check_maglev(maglev: &MagLev, violations: &mut Violations<'_>) {
    /// The number of entries that Envoy's largest table stays below.
    const LIMIT: u64 = 5_000_011;
    let size = maglev.table_size.map_or(0, |size| size.value);
    let span = maglev.table_size.place(maglev.span);
    let help = "use a prime number, such as 65537";
    if size == 0 {
        violations.error("LC-6", Mistake::MissingField, span, "the Maglev table has no size").help(help);
    }
    if size >= LIMIT {
        let message = format!("a Maglev table cannot have {size} entries");
        violations.error("LC-7", Mistake::OutOfRange, span, message).help("use a prime number below 5000011");
    }
    if !is_prime(size) {
        violations.error("LC-8", Mistake::OutOfRange, span, format!("{size} is not a prime number")).help(help);
    }
}

/// Whether istiod considers a number a prime, which it does for 1. Numbers that are too large anyway are not tested.
fn is_prime(number: u64) -> bool {
    const TOO_LARGE: u64 = 1 << 40;
    let divides = |divisor: u64| number.is_multiple_of(divisor);
    number != 0 && (number > TOO_LARGE || !(2..).take_while(|divisor| divisor * divisor <= number).any(divides))
}

fn check_warmup(warmup: &WarmupConfiguration, violations: &mut Violations<'_>) {
    if warmup.duration.is_none() {
        violations
            .error("LC-10", Mistake::MissingField, warmup.span, "`warmup` has no duration")
            .help("add `duration`");
    }
    duration::check(warmup.duration, "LC-11", violations);
    if let Some(percent) = warmup.minimum_percent.filter(|percent| percent.value > 100.0) {
        let message = format!("{} is not a valid percentage", percent.value);
        violations.error("LC-12", Mistake::OutOfRange, percent.span, message).help("use a number from 0 to 100");
    }
    if let Some(aggression) = warmup.aggression.filter(|aggression| aggression.value <= 0.0) {
        let message = "`aggression` is not greater than 0";
        violations
            .error("LC-13", Mistake::OutOfRange, aggression.span, message)
            .help("use a positive number; the default is 1.0");
    }
}
