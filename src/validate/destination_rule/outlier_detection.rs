//! Ejection of endpoints (istio: `validateOutlierDetection`).

use crate::model::networking::OutlierDetection;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::duration;
use crate::validate::violation::Found;

/// Checks when endpoints are ejected.
pub fn check(detection: &OutlierDetection, found: &mut Found<'_>) {
    duration::check(detection.base_ejection_time, "OD-1", found);
    if let Some(count) = detection.consecutive_errors.filter(|count| count.value != 0) {
        let message = "consecutiveErrors is an older form that counts for nothing";
        found
            .warning("OD-2", Family::NoEffect, count.span, message)
            .help(format!("write consecutiveGatewayErrors: {0}, or consecutive5xxErrors: {0}", count.value));
    }
    let is_split = detection.split_external_local_origin_errors.is_some_and(|it| it.value);
    if let Some(count) = detection.consecutive_local_origin_failures.filter(|count| count.value > 0 && !is_split) {
        let message = "local failures are only counted apart with splitExternalLocalOriginErrors";
        found
            .error("OD-3", Family::ConflictingFields, count.span, message)
            .help("add splitExternalLocalOriginErrors: true");
    }
    duration::check(detection.interval, "OD-4", found);
    check_percent("OD-5", detection.max_ejection_percent, found);
    check_percent("OD-6", detection.min_health_percent, found);
}

fn check_percent(id: &'static str, percent: Option<Spanned<i32>>, found: &mut Found<'_>) {
    if let Some(percent) = percent.filter(|percent| !(0..=100).contains(&percent.value)) {
        let message = format!("{} is no percentage", percent.value);
        found.error(id, Family::OutOfRange, percent.span, message).help("it takes a number from 0 to 100");
    }
}
