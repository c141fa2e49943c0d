//! Patterns of paths and names.

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

/// Patterns of paths, in which `*` does not match `/`. A path without wildcards also matches all files below it.
#[derive(Debug, Clone)]
pub struct PathPatterns(GlobSet);

impl PathPatterns {
    /// Compiles patterns.
    ///
    /// # Errors
    ///
    /// If a pattern is not valid. The message names it.
    pub fn new<P: AsRef<str>>(patterns: &[P]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            for glob in path_globs(pattern.as_ref())? {
                set.add(glob);
            }
        }
        set.build().map(Self).map_err(|error| error.to_string())
    }

    /// Whether a pattern matches a path.
    pub fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The globs of a pattern of paths.
pub(super) fn path_globs(pattern: &str) -> Result<Vec<Glob>, String> {
    let plain = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    let below = (!plain.contains(['*', '?', '[', '{'])).then(|| format!("{plain}/**"));
    // So that a walk does not enter a directory of which it would skip everything.
    let whole = plain.strip_suffix("/**").filter(|directory| !directory.is_empty());
    let globs = std::iter::once(plain).chain(below.as_deref()).chain(whole).map(|pattern| {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        glob.map_err(|error| format!("`{pattern}` is not a valid pattern: {}", error.kind()))
    });
    globs.collect()
}

/// A pattern of names.
#[derive(Debug, Clone)]
pub struct NamePattern(GlobMatcher);

impl NamePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// If the pattern is not valid. The message names it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let glob = Glob::new(pattern);
        let glob = glob.map_err(|error| format!("`{pattern}` is not a valid pattern: {}", error.kind()))?;
        Ok(Self(glob.compile_matcher()))
    }

    /// Whether the pattern matches a name.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_relative_and_stars_do_not_cross_directories() {
        let is_match = |pattern: &str, path: &str| PathPatterns::new(&[pattern]).unwrap().matches(path);
        assert!(is_match("legacy/**", "legacy/a/b.yaml") && is_match("./legacy/", "legacy/a.yaml"));
        assert!(is_match("legacy", "legacy/a.yaml") && is_match("a.yaml", "a.yaml"));
        assert!(is_match("*/a.yaml", "x/a.yaml") && !is_match("*/a.yaml", "x/y/a.yaml"));
        assert!(is_match("**/a.yaml", "x/y/a.yaml") && !is_match("legacy/**", "x/legacy/a.yaml"));
    }

    #[test]
    fn mistakes_in_patterns_are_errors() {
        assert!(PathPatterns::new(&["a["]).unwrap_err().starts_with("`a[` is not a valid pattern: "));
        assert!(NamePattern::new("{a").is_err() && NamePattern::new("legacy-*").unwrap().matches("legacy-a"));
    }
}
