//! The findings that a run reports, as options and the configuration choose them, and the mistakes in the configuration.
//!
//! - `selection`: the rules that are reported.
//! - `levels`: their levels.
//! - `suppressions`: findings that are accepted.

mod levels;
mod selection;
mod suppressions;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::diagnostic::Diagnostic;
use super::diagnostics::Diagnostics;
use super::rules::invalid_configuration::{
    self, INVALID_VALUE, MISSING_KEY, UNKNOWN_KEY, UNKNOWN_RULE, UNMATCHED, UNREAD,
};
use super::rules::{self, unused_suppression};
use super::selector::Selector;
use super::severity::Severity;
use super::{Report, compare};
use crate::config::{ConfigFile, ConfigProblemKind, Date, PathPatterns};
use crate::source::{FileId, Sources};
use levels::{Levels, level_settings};
use selection::{Named, Selection};
use suppressions::Suppressions;

/// The choice of the findings that a run reports. By default, all with their own severities.
#[derive(Debug)]
pub struct Reporting {
    /// The levels of rules.
    pub(super) levels: Levels,
    selection: Selection,
    suppressions: Suppressions,
    lowest: Severity,
    /// Whether comments, annotations and entries of the configuration suppress findings.
    pub(super) suppresses: bool,
    /// The configuration, and the mistakes in it that are known before the manifests are checked.
    config: Option<ConfigFile>,
    mistakes: Vec<Diagnostic>,
    is_whole: bool,
}

/// The choices of options.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// The only rules to report, which replace those of the configuration.
    pub select: Vec<String>,
    /// Rules not to report.
    pub ignore: Vec<String>,
    /// The lowest severity to report.
    pub lowest: Option<Severity>,
    /// Whether nothing suppresses findings.
    pub no_ignores: bool,
}

/// The circumstances of a run that decide which parts of the configuration have an effect.
pub struct Circumstances<'c> {
    /// The path of a displayed file relative to the configuration; `None` for files that no pattern can match.
    pub relative: &'c dyn Fn(&str) -> Option<String>,
    /// The day of the run.
    pub today: Date,
    /// Whether the run reads all files that the configuration is about, so that what matches none is a mistake.
    pub is_whole: bool,
}

impl Default for Reporting {
    fn default() -> Self {
        Self {
            levels: Levels::default(),
            selection: Selection::default(),
            suppressions: Suppressions::default(),
            lowest: Severity::Info,
            suppresses: true,
            config: None,
            mistakes: Vec::new(),
            is_whole: false,
        }
    }
}

impl Reporting {
    /// The choices of a configuration. `sources` has the files of the run.
    pub fn of(file: ConfigFile, sources: &Sources, circumstances: &Circumstances<'_>) -> Self {
        let mut mistakes = Diagnostics::new(&invalid_configuration::RULE);
        report_problems(&file, &mut mistakes);
        let lowest = file.config.min_severity.map_or(Severity::Info, Severity::from);
        let mut reporting = Self { is_whole: circumstances.is_whole, lowest, ..Self::default() };
        let files = Files { sources, relative: circumstances.relative };
        reporting.set_levels(&file, &files, &mut mistakes);
        reporting.set_suppressions(&file, &files, circumstances.today, &mut mistakes);
        reporting.set_selection(&file, &mut mistakes);
        reporting.mistakes = mistakes.into_parts().0;
        let mut expired = Diagnostics::new(&unused_suppression::RULE);
        reporting.suppressions.report_expired(&file, &mut expired);
        reporting.mistakes.extend(expired.into_parts().0);
        reporting.config = Some(file);
        reporting
    }

    /// Applies what options choose.
    ///
    /// # Errors
    ///
    /// If an option names a rule that does not exist.
    pub fn choose(mut self, choices: &Choices) -> Result<Self, String> {
        let named = |option: &str, names: &[String]| -> Result<Vec<Named>, String> {
            let selector =
                |name: &String| Selector::of(name).ok_or_else(|| format!("`{option}`: {}", rules::unknown(name)));
            names.iter().map(|name| Ok(Named { selector: selector(name)?, is_option: true })).collect()
        };
        if !choices.select.is_empty() {
            self.selection.select = Some(named("--select", &choices.select)?);
        }
        self.selection.ignore.extend(named("--ignore", &choices.ignore)?);
        if let Some(lowest) = choices.lowest {
            self.lowest = lowest;
        }
        self.suppresses &= !choices.no_ignores;
        Ok(self)
    }

    /// The same without the mistakes in the configuration.
    pub fn without_mistakes(mut self) -> Self {
        self.config = None;
        self.mistakes.clear();
        self
    }

    /// Leaves the findings that are reported. Their resources must be known.
    pub(super) fn apply(&self, report: &mut Report) {
        // Entries count as used even if the findings are not selected.
        if self.suppresses {
            let Report { diagnostics, suppressed, used, .. } = report;
            diagnostics.retain(|diagnostic| {
                let mut accepting = self.suppressions.accepting(diagnostic).peekable();
                let is_accepted = accepting.peek().is_some();
                used.extend(accepting);
                suppressed.extend(is_accepted.then(|| diagnostic.key()));
                !is_accepted
            });
        }
        if !self.selection.is_everything() {
            report.diagnostics.retain(|diagnostic| self.selection.keeps(diagnostic));
            report.suppressed.retain(|key| self.selection.keeps_key(key));
            report.unchecked.retain(|unchecked| self.selection.keeps_rule(unchecked.rule));
        }
        report.diagnostics.retain(|diagnostic| diagnostic.severity >= self.lowest);
    }

    /// Adds the mistakes in the configuration to the report of all meshes. They come first.
    pub(super) fn add_mistakes(&self, report: &mut Report) {
        let Some(file) = &self.config else { return };
        let mut of_config = Report { diagnostics: self.mistakes.clone(), ..Report::default() };
        if self.suppresses && self.is_whole {
            let mut unused = Diagnostics::new(&unused_suppression::RULE);
            // The report has no unchecked references of rules that are not selected.
            let is_decided = |rules: &[&'static str]| {
                let is_unchecked = report.unchecked.iter().any(|unchecked| rules.contains(&unchecked.rule));
                !is_unchecked && rules.iter().all(|rule| self.selection.keeps_rule(rule))
            };
            self.suppressions.report_unused(file, &report.used, is_decided, &mut unused);
            of_config.diagnostics.extend(unused.into_parts().0);
        }
        self.levels.apply(&mut of_config);
        of_config.diagnostics.retain(|it| self.selection.keeps(it) && it.severity >= self.lowest);
        of_config.diagnostics.sort_by(compare);
        report.suppressed.append(&mut of_config.suppressed);
        report.diagnostics.splice(0..0, of_config.diagnostics);
    }

    fn set_levels(&mut self, file: &ConfigFile, files: &Files<'_>, mistakes: &mut Diagnostics) {
        let (everywhere, unknown) = level_settings(&file.config.rules);
        self.levels.everywhere = everywhere;
        unknown.iter().for_each(|name| report_unknown(file, &format!("rules.{name}"), name, mistakes));
        for (index, written) in file.config.overrides.iter().enumerate() {
            let (levels, unknown) = level_settings(&written.rules);
            self.levels.overrides.push(levels);
            let path = format!("overrides[{index}].rules");
            unknown.iter().for_each(|name| report_unknown(file, &format!("{path}.{name}"), name, mistakes));
        }
        if file.config.overrides.is_empty() {
            return;
        }
        let matching: Vec<BTreeSet<FileId>> =
            file.config.overrides.iter().map(|written| files.matching(&written.paths)).collect();
        let applying = |id| (0..matching.len()).filter(|&index| matching[index].contains(&id)).collect();
        self.levels.of_files = files.sources.iter().map(|(id, _)| applying(id)).collect();
        for (index, written) in file.config.overrides.iter().enumerate() {
            if self.is_whole && matching[index].is_empty() && !written.paths.is_empty() {
                mistakes
                    .report(
                        &UNMATCHED,
                        file.place(&format!("overrides[{index}].paths")),
                        "no file matches the override",
                    )
                    .help("correct the patterns, which are relative to the configuration, or remove the override");
            }
        }
    }

    fn set_suppressions(&mut self, file: &ConfigFile, files: &Files<'_>, today: Date, mistakes: &mut Diagnostics) {
        for (index, written) in file.config.suppress.iter().enumerate() {
            let of_entry = (!written.paths.is_empty()).then(|| files.matching(&written.paths));
            self.suppressions.add(written, of_entry, today);
            report_unknown_of(file, &format!("suppress[{index}].rules"), &written.rules, mistakes);
        }
    }

    fn set_selection(&mut self, file: &ConfigFile, mistakes: &mut Diagnostics) {
        let named = |names: &[String]| -> Vec<Named> {
            let selectors = names.iter().filter_map(|name| Selector::of(name));
            selectors.map(|selector| Named { selector, is_option: false }).collect()
        };
        self.selection.select = file.config.select.as_deref().map(named);
        self.selection.ignore = named(&file.config.ignore);
        report_unknown_of(file, "select", file.config.select.as_deref().unwrap_or_default(), mistakes);
        report_unknown_of(file, "ignore", &file.config.ignore, mistakes);
    }
}

/// The files of a run.
struct Files<'f> {
    sources: &'f Sources,
    relative: &'f dyn Fn(&str) -> Option<String>,
}

impl Files<'_> {
    /// The files that patterns match.
    fn matching(&self, patterns: &[String]) -> BTreeSet<FileId> {
        // The configuration has valid patterns only.
        let Ok(patterns) = PathPatterns::new(patterns) else { return BTreeSet::new() };
        let is_matched = |path: &str| (self.relative)(path).is_some_and(|path| patterns.matches(&path));
        self.sources.iter().filter(|(_, file)| is_matched(file.path())).map(|(id, _)| id).collect()
    }
}

fn report_problems(file: &ConfigFile, mistakes: &mut Diagnostics) {
    for problem in &file.problems {
        let finding = match problem.kind {
            ConfigProblemKind::UnknownKey => &UNKNOWN_KEY,
            ConfigProblemKind::InvalidValue => &INVALID_VALUE,
            ConfigProblemKind::MissingKey => &MISSING_KEY,
            ConfigProblemKind::Unread => &UNREAD,
        };
        let diagnostic = mistakes.report(finding, problem.span, problem.message.clone());
        if !problem.help.to_string().is_empty() {
            diagnostic.help(problem.help.clone());
        }
    }
}

fn report_unknown_of(file: &ConfigFile, path: &str, names: &[String], mistakes: &mut Diagnostics) {
    for (index, name) in names.iter().enumerate().filter(|(_, name)| Selector::of(name).is_none()) {
        report_unknown(file, &format!("{path}[{index}]"), name, mistakes);
    }
}

/// Reports a name that no rule has, at a path of the configuration.
fn report_unknown(file: &ConfigFile, path: &str, name: &str, mistakes: &mut Diagnostics) {
    let (message, help) = rules::unknown_name(name);
    let diagnostic = mistakes.report(&UNKNOWN_RULE, file.place(path), message);
    match rules::similar(name).filter(|_| !name.contains('/')) {
        Some(similar) => diagnostic.did_you_mean(similar),
        None => diagnostic.help(help),
    };
}
