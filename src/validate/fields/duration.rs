//! Durations (istio: `ValidateDuration`).

use crate::model::Duration;
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::syntax::is_duration;
use crate::validate::violation::Violations;

/// Checks a duration. `id` is the number of istiod's check.
pub fn check(duration: Option<Spanned<Duration>>, id: &'static str, violations: &mut Violations<'_>) {
    let Some(duration) = duration.filter(|duration| !is_duration(duration.value)) else { return };
    let message = match duration.nanoseconds() / 1_000_000 {
        0 => format!("duration `{}` is shorter than a millisecond", duration.value),
        _ => format!("duration `{}` is not in whole milliseconds", duration.value),
    };
    let help = if duration.nanoseconds() == 0 {
        "use `1ms` or more, or remove the field"
    } else {
        "round it to milliseconds, as in `1500ms`"
    };
    violations.error(id, Mistake::InvalidDuration, duration.span, message).help(help);
}
