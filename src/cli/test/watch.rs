//! `--watch`: waits until files change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ignore::WalkBuilder;

/// The time between two looks at the files.
const INTERVAL: Duration = Duration::from_millis(500);

/// The extensions of files in directories that count. Output can be written to other files in the same directory.
const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "tpl"];

/// Files, and those below some directories, with the time and size of each. Of directories, files that git ignores are left out.
#[derive(Debug, PartialEq, Eq)]
pub struct State(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl State {
    /// The state of the files now.
    pub fn of(paths: &[PathBuf]) -> Self {
        let entries = paths.iter().flat_map(|path| WalkBuilder::new(path).build()).filter_map(Result::ok);
        let state = |entry: ignore::DirEntry| {
            let extension = entry.path().extension().and_then(|it| it.to_str()).unwrap_or_default();
            if entry.depth() > 0 && !EXTENSIONS.contains(&extension) {
                return None;
            }
            // A link can lead to another file.
            let metadata = std::fs::metadata(entry.path()).ok().filter(std::fs::Metadata::is_file)?;
            Some((entry.into_path(), (metadata.modified().ok(), metadata.len())))
        };
        Self(entries.filter_map(state).collect())
    }

    /// Whether some file was written at a time or later. A time to come is a wrong clock, and no change.
    pub fn has_changed_since(&self, time: SystemTime) -> bool {
        let now = SystemTime::now();
        self.0.values().any(|(modified, _)| modified.is_some_and(|it| time <= it && it <= now))
    }

    /// Waits until the files differ from this state.
    pub fn wait(&self, paths: &[PathBuf]) {
        while Self::of(paths) == *self {
            std::thread::sleep(INTERVAL);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests write files")]

    use std::fs;

    use super::*;

    #[test]
    fn new_changed_and_removed_files_are_changes() {
        let directory = tempfile::tempdir().unwrap();
        let paths = [directory.path().to_owned(), directory.path().join("gone")];
        let file = directory.path().join("a.yaml");
        let empty = State::of(&paths);
        fs::write(&file, "a").unwrap();
        let one = State::of(&paths);
        assert_ne!(empty, one);
        assert!(one.has_changed_since(SystemTime::UNIX_EPOCH));
        assert!(!one.has_changed_since(SystemTime::now() + Duration::from_secs(60)));
        fs::write(&file, "ab").unwrap();
        assert_ne!(one, State::of(&paths));
        fs::remove_file(&file).unwrap();
        assert_eq!(empty, State::of(&paths));
    }
}
