//! Findings: the mistakes that a rule reports, each with its severity and upstream codes.

use super::severity::{Certainty, Harm, Severity};

/// A mistake that a rule reports. A rule declares all of its findings, and [`Diagnostics::report`] takes one of them, so
/// that no check chooses a severity or codes by itself.
///
/// [`Diagnostics::report`]: super::Diagnostics::report
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name, kebab-case and unique within the rule.
    pub name: &'static str,
    /// The harm, if nobody fixes the mistake.
    pub harm: Harm,
    /// The certainty of the harm.
    pub certainty: Certainty,
    /// The codes of `istioctl analyze` (IST…) and Kiali (KIA…) that say the same thing, and former names of the rule.
    pub aliases: &'static [&'static str],
    /// The mistake in one line: lower case, no final period.
    pub summary: &'static str,
}

impl Finding {
    /// The severity that follows from harm and certainty.
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
