//! The findings that a reader wants to see.

use std::cmp::Reverse;

use crate::lint::{Diagnostic, Report, Severity};

/// The most infos that are shown to a reader who does not ask for them.
const FEW_INFOS: usize = 10;

/// The choices of the reader of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// The lowest severity that is shown. By default, infos are hidden if there are errors, or more than 10 infos.
    pub lowest: Option<Severity>,
    /// The number of meshes, if the summary should name it.
    pub meshes: Option<usize>,
}

/// The findings to show.
pub(super) struct Selection<'a> {
    /// Errors first, then warnings, then infos; those of a severity are in the order of the report, which is that of files.
    pub shown: Vec<&'a Diagnostic>,
    /// The number of infos that are hidden although the reader did not ask for that.
    pub hidden_infos: usize,
}

impl View {
    /// The findings of a report that this reader sees.
    pub(super) fn select<'a>(&self, report: &'a Report) -> Selection<'a> {
        let count = |severity| report.diagnostics.iter().filter(|it| it.severity == severity).count();
        let infos = count(Severity::Info);
        let hides_infos = self.lowest.is_none() && (infos > FEW_INFOS || count(Severity::Error) > 0);
        let lowest = self.lowest.unwrap_or(if hides_infos { Severity::Warning } else { Severity::Info });
        let mut shown: Vec<&Diagnostic> = report.diagnostics.iter().filter(|it| it.severity >= lowest).collect();
        shown.sort_by_key(|diagnostic| Reverse(diagnostic.severity));
        Selection { shown, hidden_infos: if hides_infos { infos } else { 0 } }
    }
}
