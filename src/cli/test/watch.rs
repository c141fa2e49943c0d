//! `--watch`: waits until files change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use walkdir::WalkDir;

/// The time between two looks at the files.
const INTERVAL: Duration = Duration::from_millis(400);

/// The files below some paths, with the time and size of each.
#[derive(Debug, PartialEq, Eq)]
pub struct State(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl State {
    /// The state of the files now.
    pub fn of(paths: &[PathBuf]) -> Self {
        let entries = paths.iter().flat_map(|path| WalkDir::new(path).follow_links(false));
        let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        let state = |entry: walkdir::DirEntry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.into_path(), (metadata.modified().ok(), metadata.len())))
        };
        Self(files.filter_map(state).collect())
    }

    /// Waits until the files differ from this state.
    pub fn wait(&self, paths: &[PathBuf]) {
        while Self::of(paths) == *self {
            std::thread::sleep(INTERVAL);
        }
    }
}
