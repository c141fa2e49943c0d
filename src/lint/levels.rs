//! The levels that the configuration sets for rules.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::diagnostic::Diagnostic;
use super::selector::Selector;
use super::severity::Severity;
use super::{Report, rules};
use crate::config::{Config, Level};
use crate::source::{FileId, Sources};

/// The levels of rules, for all files and for some. By default, each finding has its own severity.
#[derive(Debug, Default)]
pub struct Levels {
    everywhere: LevelSettings,
    overrides: Vec<LevelsOfPaths>,
    /// The overrides that apply to each file.
    of_files: Vec<Vec<usize>>,
}

/// Levels by selector. The most precise selectors are the last, as later ones take precedence.
type LevelSettings = Vec<(Selector, Level)>;

#[derive(Debug)]
struct LevelsOfPaths {
    paths: GlobSet,
    levels: LevelSettings,
}

impl Levels {
    /// The levels of a configuration. `relative` converts the displayed path of a file to one relative to the
    /// configuration, and returns `None` for files that no pattern can match. An error describes the mistake in the
    /// configuration.
    pub fn new(config: &Config, sources: &Sources, relative: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let everywhere = level_settings(&config.rules).map_err(|error| format!("rules: {error}"))?;
        let mut overrides = Vec::new();
        for (index, written) in config.overrides.iter().enumerate() {
            let levels =
                level_settings(&written.rules).map_err(|error| format!("overrides[{index}].rules: {error}"))?;
            let paths = patterns(&written.paths).map_err(|error| format!("overrides[{index}].paths: {error}"))?;
            overrides.push(LevelsOfPaths { paths, levels });
        }
        let mut of_files = Vec::new();
        if !overrides.is_empty() {
            of_files.extend(sources.iter().map(|(_, file)| {
                let path = relative(file.path());
                let applies = |it: &LevelsOfPaths| path.as_ref().is_some_and(|path| it.paths.is_match(path));
                overrides.iter().enumerate().filter(|(_, it)| applies(it)).map(|(index, _)| index).collect()
            }));
        }
        Ok(Self { everywhere, overrides, of_files })
    }

    /// Sets the severities of findings, and drops those that are off.
    pub(super) fn apply(&self, report: &mut Report) {
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
        let of_file = self.overrides_of(diagnostic.span.file).map(|it| &it.levels);
        let settings = std::iter::once(&self.everywhere).chain(of_file);
        settings.flatten().rfind(|(selector, _)| selector.selects(diagnostic)).map(|(_, level)| *level)
    }

    fn overrides_of(&self, file: FileId) -> impl DoubleEndedIterator<Item = &LevelsOfPaths> {
        self.of_files.get(file.index()).into_iter().flatten().map(|&index| &self.overrides[index])
    }
}

fn level_settings(written: &BTreeMap<String, Level>) -> Result<LevelSettings, String> {
    let mut settings = Vec::new();
    for (name, level) in written {
        settings.push((Selector::of(name).ok_or_else(|| rules::unknown(name))?, *level));
    }
    settings.sort_by_key(|(selector, _)| selector.precision());
    Ok(settings)
}

/// Compiles patterns in which `*` does not match `/`. A path without wildcards also matches all files below it.
fn patterns(written: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in written {
        let plain = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
        let below = (!plain.contains(['*', '?', '[', '{'])).then(|| format!("{plain}/**"));
        for pattern in std::iter::once(plain).chain(below.as_deref()) {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| error.to_string())?);
        }
    }
    set.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_relative_and_stars_do_not_cross_directories() {
        let is_match = |pattern: &str, path: &str| patterns(&[pattern.to_owned()]).unwrap().is_match(path);
        assert!(is_match("legacy/**", "legacy/a/b.yaml") && is_match("./legacy/", "legacy/a.yaml"));
        assert!(is_match("legacy", "legacy/a.yaml") && is_match("a.yaml", "a.yaml"));
        assert!(is_match("*/a.yaml", "x/a.yaml") && !is_match("*/a.yaml", "x/y/a.yaml"));
        assert!(is_match("**/a.yaml", "x/y/a.yaml") && !is_match("legacy/**", "x/legacy/a.yaml"));
    }

    #[test]
    fn names_and_patterns_must_be_valid() {
        let levels = |text: &str| Levels::new(&Config::parse(text).unwrap(), &Sources::default(), |_| None);
        let error = levels("rules: {duplicat-host: off}").unwrap_err();
        assert_eq!(error, "rules: rule `duplicat-host` does not exist; did you mean `duplicate-host`?");
        let error = levels("rules: {unknown-gateway/odd: off}").unwrap_err();
        assert!(
            error.starts_with(
                "rules: rule `unknown-gateway` does not have finding `odd`; use one of its findings: `missing`, "
            ),
            "{error}"
        );
        let error = levels("overrides: [{paths: ['a[']\n, rules: {}}]").unwrap_err();
        assert!(error.starts_with("overrides[0].paths: "), "{error}");
    }
}
