//! What a rule can find: the unit that has a severity and upstream codes.

use super::severity::{Certainty, Harm, Severity};

/// One of the mistakes that a rule reports. A rule declares all of its findings; [`Diagnostics::report`] takes one of
/// them, so severity and codes are never chosen at the place that reports.
///
/// [`Diagnostics::report`]: super::Diagnostics::report
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name, kebab-case and unique within the rule.
    pub name: &'static str,
    /// What happens if nobody mends it.
    pub harm: Harm,
    /// How certain that is.
    pub certainty: Certainty,
    /// The codes of `istioctl analyze` (IST…) and Kiali (KIA…) that say the same thing, and former names of the rule.
    pub aliases: &'static [&'static str],
    /// One line: what is wrong. Lower case, no final period.
    pub summary: &'static str,
}

impl Finding {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        Severity::of(self.harm, self.certainty)
    }
}

/// Declares a finding: `finding! { "missing-gateway", Lost, Certain, ["IST0101"], "the Gateway does not exist" }`.
macro_rules! finding {
    ($name:literal, $harm:ident, $certainty:ident, $aliases:expr, $summary:literal $(,)?) => {
        $crate::lint::Finding {
            name: $name,
            harm: $crate::lint::Harm::$harm,
            certainty: $crate::lint::Certainty::$certainty,
            aliases: &$aliases,
            summary: $summary,
        }
    };
}

pub(super) use finding;
