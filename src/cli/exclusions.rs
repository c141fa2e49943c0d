//! The patterns of files that are not read: `--exclude`, and `exclude` of the configuration.

use std::path::{Path, PathBuf};

use super::inputs::{here, plain};
use crate::config::{Config, PathPatterns};
use crate::load::STDIN;

/// Patterns, each with the directory that it is relative to.
pub struct Exclusions {
    root: PathBuf,
    patterns: Vec<(PathBuf, PathPatterns)>,
}

impl Exclusions {
    /// The patterns of the configuration in `directory`, and those of the option, which are relative to the root.
    ///
    /// # Errors
    ///
    /// If a pattern of the option is not valid.
    pub fn of(root: &Path, directory: Option<&Path>, config: &Config, option: &[String]) -> Result<Self, String> {
        let root = here(root);
        let mut patterns = Vec::new();
        if let (Some(directory), Ok(of_config)) = (directory, PathPatterns::new(&config.exclude)) {
            patterns.push((plain(&root.join(directory)), of_config));
        }
        let of_option = PathPatterns::new(option).map_err(|error| format!("`--exclude`: {error}"))?;
        patterns.push((root.clone(), of_option));
        patterns.retain(|(_, patterns)| !patterns.is_empty());
        Ok(Self { root, patterns })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a pattern matches a path as output shows it.
    pub fn matches(&self, shown: &str) -> bool {
        let path = plain(&self.root.join(shown));
        shown != STDIN
            && self.patterns.iter().any(|(directory, patterns)| {
                let inside = path.strip_prefix(directory).ok();
                let inside = inside.map(|it| it.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"));
                inside.is_some_and(|inside| patterns.matches(&inside))
            })
    }
}
