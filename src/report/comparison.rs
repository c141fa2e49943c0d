//! The result of `mesh diff`.

use super::text::Texts;
use crate::lint::FindingChanges;
use crate::proof::diff::Diff;

/// The result of comparing two versions of manifests, and what of it to show.
#[derive(Debug)]
pub struct Comparison<'c> {
    /// The requests that are treated differently.
    pub diff: &'c Diff,
    /// The findings that are introduced and fixed.
    pub findings: &'c FindingChanges,
    /// The texts of the old and the new files, if their differences are shown.
    pub texts: Option<(Texts<'c>, Texts<'c>)>,
    /// Whether a command is shown for each example.
    pub with_curl: bool,
}
