//! Findings that depend on values which are not known yet.

use super::Diagnostic;
use crate::load::Placeholders;

/// Whether a finding is at a placeholder, or refers to one. Such a value is unknown, so nothing follows from it.
pub(super) fn is_about_unknown(diagnostic: &Diagnostic, placeholders: &Placeholders) -> bool {
    let related = diagnostic.related.iter().map(|related| related.span);
    std::iter::once(diagnostic.span).chain(related).any(|place| placeholders.touch(place))
}
