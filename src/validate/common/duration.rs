//! Lengths of time (istio: `ValidateDuration`).

use crate::model::Duration;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::syntax::is_duration;
use crate::validate::violation::Found;

/// Checks a length of time, by the rule `id`.
pub fn check(duration: Option<Spanned<Duration>>, id: &'static str, found: &mut Found<'_>) {
    let Some(duration) = duration.filter(|duration| !is_duration(duration.value)) else { return };
    let message = format!("{} is not at least 1ms in whole milliseconds", duration.value);
    let help =
        if duration.nanoseconds() == 0 { "leave it out, or write 1ms or more" } else { "round it, as in 1500ms" };
    found.error(id, Family::InvalidDuration, duration.span, message).help(help);
}
