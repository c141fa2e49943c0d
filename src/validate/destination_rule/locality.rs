//! Load balancing by locality (istio: `validateLocalityLbSetting`, `validateZoneAwareLbSetting`).

use super::locality_list;
use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{
    LocalityDistribute, LocalityFailover, LocalityLbSetting, OutlierDetection, ZoneAwareLbSetting,
};
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The labels of a locality. Proxies fail over by these labels anyway.
const TOPOLOGY: [&str; 3] =
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/// Checks distribution and failover. Like istiod, it stops after some violations.
pub fn check(setting: &LocalityLbSetting, detection: Option<&OutlierDetection>, violations: &mut Violations<'_>) {
    if let (Some(_), Some(failover)) = (setting.distribute.first(), setting.failover.first()) {
        let message = "`distribute` and `failover` exclude each other";
        violations.error("LO-1", Mistake::ConflictingFields, failover.span, message).help("remove one of the two");
        return;
    }
    let topology = setting.failover_priority.iter().find(|label| TOPOLOGY.contains(&label.as_str()));
    if let Some(label) = topology.filter(|_| !setting.failover.is_empty()) {
        let message = format!("`failoverPriority` cannot have the topology label {} with `failover`", quoted(label));
        violations
            .error("LO-2", Mistake::ConflictingFields, label.span, message)
            .help("remove the label, or remove `failover`");
        return;
    }
    for distribute in &setting.distribute {
        if !check_weights(distribute, violations) {
            return;
        }
        locality_list::check(distribute.to.iter().map(|(name, _)| (name.as_str(), name.span)), violations);
    }
    let sources = setting.distribute.iter().map(|it| (it.from.text(), it.from.place(it.span)));
    locality_list::check(sources, violations);
    let fails_over = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
    if fails_over && detection.is_none() {
        let span = setting.failover.first().map_or(setting.span, |failover| failover.span);
        warn_of_missing_detection("LO-8", span, violations);
    }
    check_failover(["LO-9", "LO-10", "LO-11"], &setting.failover, violations);
}

/// Checks the failover of zone-aware load balancing.
pub fn check_zones(
    setting: &ZoneAwareLbSetting,
    detection: Option<&OutlierDetection>,
    violations: &mut Violations<'_>,
) {
    for label in setting.failover_priority.iter().filter(|label| TOPOLOGY.contains(&label.as_str())) {
        let message = format!("`failoverPriority` cannot have the topology label {}", quoted(label));
        violations
            .error("ZA-1", Mistake::ConflictingFields, label.span, message)
            .help(Advice::new("remove the label").fix([Edit::remove(label.span)]));
    }
    let fails_over = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
    if fails_over && detection.is_none() {
        let span = setting.failover.first().map_or(setting.span, |failover| failover.span);
        warn_of_missing_detection("ZA-2", span, violations);
    }
    check_failover(["ZA-3", "ZA-4", "ZA-5"], &setting.failover, violations);
}

fn warn_of_missing_detection(id: &'static str, span: Span, violations: &mut Violations<'_>) {
    let message = "failover has no effect without `outlierDetection`, which detects failed endpoints";
    violations.warning(id, Mistake::NoEffect, span, message).help("add `outlierDetection` next to `loadBalancer`");
}

/// Checks the weights of a locality. Returns whether they are valid.
fn check_weights(distribute: &LocalityDistribute, violations: &mut Violations<'_>) -> bool {
    let weights = || distribute.to.iter().map(|(_, weight)| weight);
    if let Some(weight) = weights().find(|weight| weight.value == 0 || weight.value > 100) {
        let message = format!("{} is not a valid weight", weight.value);
        violations.error("LO-3", Mistake::OutOfRange, weight.span, message).help("use a number from 1 to 100");
        return false;
    }
    let sum: u32 = weights().map(|weight| weight.value).sum();
    if sum != 100 {
        let span = distribute.to.span.unwrap_or(distribute.span);
        let message = format!("the weights add up to {sum}, not to 100");
        violations
            .error("LO-4", Mistake::OutOfRange, span, message)
            .help("change the weights so that they add up to 100");
        return false;
    }
    true
}

fn check_failover(
    [same, parts, wildcard]: [&'static str; 3],
    failover: &[LocalityFailover],
    violations: &mut Violations<'_>,
) {
    for it in failover {
        if it.from.text() == it.to.text() {
            let message = "a region cannot fail over to itself";
            violations
                .error(same, Mistake::InvalidReference, it.to.place(it.span), message)
                .help("write another region");
        }
        let ends = [&it.from, &it.to].into_iter().flatten();
        let is = |letter: char| ends.clone().find(|end: &&Spanned<String>| end.contains(letter));
        if let Some(end) = is('/') {
            let message = format!("{} is a locality, not a region", quoted(end));
            let region = end.split('/').next().unwrap_or_default();
            let help = Advice::new("remove the zone").fix([Edit::set(end.span, region).unshown()]);
            violations.error(parts, Mistake::InvalidReference, end.span, message).help(help);
        }
        if let Some(end) = is('*') {
            let message = "a region of `failover` cannot have a wildcard";
            violations
                .error(wildcard, Mistake::InvalidReference, end.span, message)
                .help("write the name of the region");
        }
    }
}
