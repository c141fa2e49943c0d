//! The levels that the configuration sets for rules.

use std::collections::BTreeMap;

use crate::config::Level;
use crate::lint::Report;
use crate::lint::diagnostic::Diagnostic;
use crate::lint::selector::Selector;
use crate::lint::severity::Severity;
use crate::source::FileId;

/// The levels of rules, for all files and for some. By default, each finding has its own severity.
#[derive(Debug, Default)]
pub(in crate::lint) struct Levels {
    /// The levels for all files.
    pub everywhere: LevelSettings,
    /// The levels of each override.
    pub overrides: Vec<LevelSettings>,
    /// The overrides that apply to each file, by its index. Empty if there are none.
    pub of_files: Vec<Vec<usize>>,
}

/// Levels by selector. The most precise selectors are the last, as later ones take precedence.
pub(in crate::lint) type LevelSettings = Vec<(Selector, Level)>;

impl Levels {
    /// Sets the severities of findings, and drops those that are off.
    pub fn apply(&self, report: &mut Report) {
        let Report { diagnostics, suppressed, .. } = report;
        diagnostics.retain_mut(|diagnostic| {
            diagnostic.severity = match self.level(diagnostic) {
                None => return true,
                Some(Level::Off) => {
                    suppressed.push(diagnostic.key());
                    return false;
                }
                Some(Level::Info) => Severity::Info,
                Some(Level::Warning) => Severity::Warning,
                Some(Level::Error) => Severity::Error,
            };
            true
        });
    }

    fn level(&self, diagnostic: &Diagnostic) -> Option<Level> {
        let settings = std::iter::once(&self.everywhere).chain(self.overrides_of(diagnostic.span.file));
        settings.flatten().rfind(|(selector, _)| selector.selects(diagnostic)).map(|(_, level)| *level)
    }

    fn overrides_of(&self, file: FileId) -> impl DoubleEndedIterator<Item = &LevelSettings> {
        self.of_files.get(file.index()).into_iter().flatten().map(|&index| &self.overrides[index])
    }
}

/// The levels of rules, with the names that no rule has.
pub(super) fn level_settings(written: &BTreeMap<String, Level>) -> (LevelSettings, Vec<&str>) {
    let mut unknown = Vec::new();
    let mut settings = Vec::new();
    for (name, level) in written {
        match Selector::of(name) {
            Some(selector) => settings.push((selector, *level)),
            None => unknown.push(name.as_str()),
        }
    }
    settings.sort_by_key(|(selector, _)| selector.precision());
    (settings, unknown)
}
