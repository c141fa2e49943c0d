//! Discovery of the configuration file.

use std::path::{Path, PathBuf};

/// The names of the configuration file. The first one takes precedence.
pub const FILE_NAMES: [&str; 2] = [".mesh.yaml", ".mesh.yml"];

/// The name of the baseline that `mesh lint --write-baseline` writes, unless something else names one.
pub const BASELINE_NAME: &str = ".mesh-baseline.json";

/// The nearest configuration file in `directory` or a directory above it.
pub fn discover(directory: &Path) -> Option<PathBuf> {
    let candidates = directory.ancestors().flat_map(|ancestor| FILE_NAMES.map(|name| ancestor.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// The name of a configuration file that is not read, because `file` in the same directory takes precedence.
pub(super) fn unread_beside(file: &Path) -> Option<&'static str> {
    let [first, second] = FILE_NAMES;
    let is_first = file.file_name().is_some_and(|name| name == first);
    (is_first && file.with_file_name(second).is_file()).then_some(second)
}
