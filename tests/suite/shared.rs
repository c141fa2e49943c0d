//! Test data beside the checkout. It is not part of the project: tests that need it say so and pass without it, unless
//! `MESH_NO_SKIP` is set.

use std::path::{Path, PathBuf};

use crate::skip::skip;

/// A file or directory of the data, if it is there; otherwise the reason for a skip is printed.
pub fn data(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared", "../../shared"].iter().map(|up| root.join(up).join(path)).find(|path| path.exists());
    if found.is_none() {
        skip(&format!("no {path} beside the checkout"));
    }
    found
}
