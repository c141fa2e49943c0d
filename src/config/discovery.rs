//! Discovery of the configuration file.

use std::path::{Path, PathBuf};

/// The name of the configuration file.
pub const FILE_NAME: &str = ".mesh.yaml";

/// The name of the baseline that `mesh lint --write-baseline` writes, unless something else names one.
pub const BASELINE_NAME: &str = ".mesh-baseline.json";

/// The nearest [`FILE_NAME`] in `directory` or a directory above it.
pub fn discover(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|ancestor| ancestor.join(FILE_NAME)).find(|candidate| candidate.is_file())
}
