//! Test data next to the checkout, which is not part of the project. Tests that need it are skipped without it, unless
//! `MESH_NO_SKIP` is set.

use std::path::{Path, PathBuf};

use crate::skip::skip;

/// A file or directory of the data. If it does not exist, prints that the test is skipped.
pub fn data(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared", "../../shared"].iter().map(|up| root.join(up).join(path)).find(|path| path.exists());
    if found.is_none() {
        skip(&format!("no {path} beside the checkout"));
    }
    found
}
