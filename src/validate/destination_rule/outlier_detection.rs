//! Outlier detection (istio: `validateOutlierDetection`).

use crate::advice::{Advice, Edit, Literal};
use crate::model::networking::OutlierDetection;
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::fields::duration;
use crate::validate::violation::Violations;

/// Checks outlier detection settings.
pub fn check(detection: &OutlierDetection, violations: &mut Violations<'_>) {
    duration::check(detection.base_ejection_time, "OD-1", violations);
    if let Some(count) = detection.consecutive_errors.filter(|count| count.value != 0) {
        let message = "`consecutiveErrors` has no effect: istiod ignores it";
        violations.warning("OD-2", Mistake::NoEffect, count.span, message).help({
            let literal = Literal::from(count.value);
            let names = ["consecutiveGatewayErrors", "consecutive5xxErrors"];
            let [gateway, all] = names.map(|name| Edit::replace(count.span, name, literal.clone()));
            Advice::new(format!("write {gateway} or {all}")).option([gateway]).option([all])
        });
    }
    let is_split = detection.split_external_local_origin_errors.is_some_and(|it| it.value);
    if let Some(count) = detection.consecutive_local_origin_failures.filter(|count| count.value > 0 && !is_split) {
        let message = "`consecutiveLocalOriginFailures` needs `splitExternalLocalOriginErrors`";
        violations
            .error("OD-3", Mistake::ConflictingFields, count.span, message)
            .help("add `splitExternalLocalOriginErrors: true`");
    }
    duration::check(detection.interval, "OD-4", violations);
    check_percent("OD-5", detection.max_ejection_percent, violations);
    check_percent("OD-6", detection.min_health_percent, violations);
}

fn check_percent(id: &'static str, percent: Option<Spanned<i32>>, violations: &mut Violations<'_>) {
    if let Some(percent) = percent.filter(|percent| !(0..=100).contains(&percent.value)) {
        let message = format!("{} is not a valid percentage", percent.value);
        violations.error(id, Mistake::OutOfRange, percent.span, message).help("use a number from 0 to 100");
    }
}
