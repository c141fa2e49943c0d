//! Files next to a kustomization, and all that belongs to it.

use std::collections::BTreeSet;

use super::build::unrendered;
use super::entries::Text;
use super::paths::{self, KUSTOMIZATION_FILES};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use super::{Files, InputFile, UnrenderedReason};
use crate::source::{FileId, path};

/// Where a kustomization is, to read the files that it names.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    pub files: &'f dyn Files,
    /// The directory of the kustomization, normalised.
    pub directory: &'f str,
}

impl<'f> Place<'f> {
    /// The file that an entry of the kustomization names. This notes it in the set. A file outside of the directory is
    /// read with a warning, as kustomize does with `LoadRestrictionsNone`.
    pub fn read(self, set: &mut ResourceSet, entry: Text<'_>) -> Step<InputFile<'f>> {
        self.read_path(set, entry, entry.value)
    }

    /// The file at a path, which is a part of an entry.
    pub fn read_path(self, set: &mut ResourceSet, entry: Text<'_>, written: &str) -> Step<InputFile<'f>> {
        let path = path::join(self.directory, written);
        let Some(file) = self.files.file(&path) else {
            return Err(self.missing(entry, written));
        };
        set.files.insert(file.id);
        if !path::is_within(&path, self.directory) {
            let message = format!("file `{written}` is outside of the directory of the kustomization");
            let help = "move the file, or build with `--load-restrictor LoadRestrictionsNone`";
            set.warn(BuildProblem::new(BuildProblemKind::OutsideRoot, entry.span, message).help(help));
        }
        Ok(file)
    }

    /// The same. `None` for a file that cannot be read here, which is noted in the set.
    pub fn read_known(self, set: &mut ResourceSet, entry: Text<'_>) -> Step<Option<InputFile<'f>>> {
        if let Some(reason) = self.gap(entry.value) {
            set.unrendered.push(unrendered(entry.span, reason));
            return Ok(None);
        }
        self.read(set, entry).map(Some)
    }

    /// Why a path cannot be read here, although it is not a mistake: kustomize fetches it, or something generates it.
    pub fn gap(self, written: &str) -> Option<UnrenderedReason> {
        if paths::is_remote(written) {
            return Some(UnrenderedReason::Remote);
        }
        let path = path::join(self.directory, written);
        if self.files.file(&path).is_some() {
            return None;
        }
        let is_gap = self.files.is_ignored(&path) || self.files.is_file(&path) || self.has_ignored_kustomization(&path);
        is_gap.then_some(UnrenderedReason::UnreadFile)
    }

    /// Whether a directory has no kustomization because git ignores it.
    fn has_ignored_kustomization(self, directory: &str) -> bool {
        let paths = || KUSTOMIZATION_FILES.iter().map(|name| path::join(directory, name));
        paths().all(|path| self.files.file(&path).is_none()) && paths().any(|path| self.files.is_ignored(&path))
    }

    /// The problem of an entry whose file does not exist.
    fn missing(self, entry: Text<'_>, written: &str) -> Box<BuildProblem> {
        let message = if self.files.is_directory(&path::join(self.directory, written)) {
            format!("`{written}` is a directory, but kustomize needs a file here")
        } else {
            format!("file `{written}` does not exist")
        };
        BuildProblem::new(BuildProblemKind::MissingFile, entry.span, message)
    }
}

/// Adds all files and directories that a kustomization names, also indirectly.
pub(super) fn claim(
    files: &dyn Files,
    directory: &str,
    claimed: &mut BTreeSet<FileId>,
    directories: &mut BTreeSet<String>,
) {
    let mut open = vec![directory.to_owned()];
    let mut visited = BTreeSet::new();
    while let Some(directory) = open.pop() {
        if !visited.insert(directory.clone()) {
            continue;
        }
        for file in KUSTOMIZATION_FILES.iter().filter_map(|name| files.file(&path::join(&directory, name))) {
            claimed.insert(file.id);
            directories.insert(directory.clone());
            for reference in paths::references(&directory, file.documents) {
                match files.file(&reference.path) {
                    Some(file) => drop(claimed.insert(file.id)),
                    None => open.push(reference.path),
                }
            }
        }
    }
}
