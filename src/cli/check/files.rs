//! The files of invariants.

use std::path::{Path, PathBuf};

use crate::proof::check::{Invariant, read};
use crate::proof::fields::FileMistake;
use crate::source::Sources;

/// The file that is read if nothing names one.
const USUAL: &str = "mesh-check.yaml";

/// The files of invariants, read.
#[derive(Debug, Default)]
pub struct Files {
    /// Their texts.
    pub sources: Sources,
    /// Their invariants.
    pub invariants: Vec<Invariant>,
}

impl Files {
    /// Reads the files that arguments name, or else the configuration, or else the usual one.
    ///
    /// # Errors
    ///
    /// All mistakes of all files.
    pub fn read(named: &[PathBuf], configured: &[PathBuf]) -> Result<Self, Vec<String>> {
        let usual = [PathBuf::from(USUAL)];
        let paths = match (named, configured) {
            ([], []) if !usual[0].exists() => {
                let what = "no invariants: name a file of them, or write them to";
                return Err(vec![format!("{what} `{USUAL}`")]);
            }
            ([], []) => &usual[..],
            ([], configured) => configured,
            (named, _) => named,
        };
        let (mut files, mut errors) = (Self::default(), Vec::new());
        for path in paths {
            match text_of(path) {
                Ok(text) => {
                    let file = files.sources.add(path.display().to_string(), text);
                    match read(&files.sources, file) {
                        Ok(invariants) => files.invariants.extend(invariants),
                        Err(found) => errors.extend(found.iter().map(FileMistake::to_string)),
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}
