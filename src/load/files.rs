//! The files that paths and directories refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::Unreadable;
use super::exclusion::{Exclude, Exclusions, SkipReason, Skipped, is_repository_data};
use crate::config::{BASELINE_NAME, FILE_NAMES};
use crate::kustomize::is_kustomization_file;
use crate::source::path;

/// The path that output shows for standard input.
pub const STDIN: &str = "<stdin>";

/// An input that the user names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a directory with all manifests below it.
    Path(PathBuf),
    /// Standard input.
    Stdin {
        /// The path that output shows for it, by default [`STDIN`].
        shown: String,
    },
}

impl Input {
    /// The input that an argument names: `-` is standard input, anything else a path.
    pub fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" {
            Self::Stdin { shown: STDIN.to_owned() }
        } else {
            Self::Path(argument.to_owned())
        }
    }
}

/// A file to read, with the path that output shows.
pub(super) struct File {
    pub input: Input,
    pub shown: String,
    /// Whether an argument names the file itself, or standard input.
    pub is_argument: bool,
}

/// Finds the files, sorted by the path that output shows. A file with several paths appears once, at the one without links.
/// Paths are relative to `root`, which is empty for the working directory; output shows them without it.
pub(super) fn find(
    root: &Path,
    inputs: &[Input],
    exclude: Exclude<'_>,
    unreadable: &mut Vec<Unreadable>,
    skipped: &mut Vec<Skipped>,
) -> Vec<File> {
    // Only links and overlapping arguments can lead to one file by several paths.
    let mut may_repeat = inputs.len() > 1;
    let mut found = Vec::new();
    for input in inputs {
        match input {
            Input::Stdin { shown } => {
                found.push(File { input: input.clone(), shown: shown.clone(), is_argument: true })
            }
            Input::Path(path) => {
                for entry in walk(root, path, exclude, skipped) {
                    match entry {
                        Ok(entry) => {
                            may_repeat |= entry.path_is_symlink();
                            if is_manifest(&entry) {
                                let is_argument = entry.depth() == 0;
                                let path = entry.into_path();
                                let shown = shown(within(root, &path));
                                found.push(File { shown, input: Input::Path(path), is_argument });
                            }
                        }
                        Err(error) => unreadable.push(describe_entry(root, path, &error)),
                    }
                }
            }
        }
    }
    found.sort_by(|a, b| a.shown.cmp(&b.shown));
    if may_repeat {
        let mut first: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for (at, file) in found.iter().enumerate() {
            let kept = first.entry(file.identity()).or_insert(at);
            if found[*kept].is_linked() && !file.is_linked() {
                *kept = at;
            }
        }
        let kept: BTreeSet<usize> = first.into_values().collect();
        let mut at = 0..;
        found.retain(|_| at.next().is_some_and(|at| kept.contains(&at)));
    }
    found
}

impl File {
    /// The same for all paths of a file.
    fn identity(&self) -> PathBuf {
        match &self.input {
            Input::Stdin { .. } => PathBuf::from(STDIN),
            Input::Path(path) => path.canonicalize().unwrap_or_else(|_| path.clone()),
        }
    }

    /// Whether a part of its path is a link.
    fn is_linked(&self) -> bool {
        match &self.input {
            Input::Stdin { .. } => false,
            Input::Path(path) => path.ancestors().any(Path::is_symlink),
        }
    }
}

/// A path relative to the root, if it is below it.
fn within<'p>(root: &Path, path: &'p Path) -> &'p Path {
    if root.as_os_str().is_empty() { path } else { path.strip_prefix(root).unwrap_or(path) }
}

/// Whether any manifest is below the paths, ignored or not. They are relative to `root`.
pub fn any_manifest(root: &Path, inputs: &[Input]) -> bool {
    let paths = inputs.iter().filter_map(|input| match input {
        Input::Path(path) => Some(path),
        Input::Stdin { .. } => None,
    });
    let everything = Exclude { reads_ignored: true, by_pattern: None };
    let mut holds = |path: &PathBuf| {
        walk(root, path, everything, &mut Vec::new()).any(|entry| entry.is_ok_and(|entry| is_manifest(&entry)))
    };
    paths.into_iter().any(&mut holds)
}

/// The files and directories below a path, without those to skip. Paths are relative to `root`.
fn walk<'w>(
    root: &'w Path,
    path: &Path,
    exclude: Exclude<'w>,
    skipped: &'w mut Vec<Skipped>,
) -> impl Iterator<Item = walkdir::Result<DirEntry>> + use<'w> {
    let top = root.join(path);
    let mut exclusions = (!exclude.reads_ignored && top.is_dir()).then(|| Exclusions::above(&top));
    let mut entries = WalkDir::new(top).follow_links(true).into_iter();
    std::iter::from_fn(move || {
        loop {
            let entry = entries.next()?;
            if let Err(error) = &entry {
                let path_and_exclusions = error.path().zip(exclusions.as_mut());
                if path_and_exclusions.is_some_and(|(path, it)| it.skips_unreadable(path, error.depth())) {
                    continue;
                }
            }
            let Ok(found) = &entry else { return Some(entry) };
            let is_directory = found.file_type().is_dir();
            let is_data = is_directory && found.depth() > 0 && is_repository_data(found.path());
            let reason = if is_data { None } else { reason_to_skip(root, found, exclude, exclusions.as_mut()) };
            if !is_data && reason.is_none() {
                return Some(entry);
            }
            if let Some(reason) = reason {
                let end = if is_directory { "/" } else { "" };
                skipped.push(Skipped { path: format!("{}{end}", shown(within(root, found.path()))), reason });
            }
            if is_directory {
                entries.skip_current_dir();
            }
        }
    })
}

fn reason_to_skip(
    root: &Path,
    entry: &DirEntry,
    exclude: Exclude<'_>,
    exclusions: Option<&mut Exclusions>,
) -> Option<SkipReason> {
    let (path, depth, is_directory) = (entry.path(), entry.depth(), entry.file_type().is_dir());
    // Other files are not manifests anyway.
    if !is_directory && !has_manifest_name(path) {
        return None;
    }
    let is_excluded = |is_excluded: &dyn Fn(&str) -> bool| depth > 0 && is_excluded(&shown(within(root, path)));
    if exclude.by_pattern.is_some_and(is_excluded) {
        return Some(SkipReason::Pattern);
    }
    match exclusions? {
        exclusions if is_directory => exclusions.enter(path, depth),
        exclusions => exclusions.skips(path, depth),
    }
}

/// Whether an entry is a file to read. A file that the user names may have any extension.
fn is_manifest(entry: &DirEntry) -> bool {
    let is_own = FILE_NAMES.into_iter().chain([BASELINE_NAME]).any(|name| entry.file_name() == name);
    !entry.file_type().is_dir() && !is_own && (entry.depth() == 0 || has_manifest_name(entry.path()))
}

fn describe_entry(root: &Path, input: &Path, error: &walkdir::Error) -> Unreadable {
    let shown = |path: &Path| shown(within(root, path));
    let path = error.path().map_or_else(|| shown(input), shown);
    let reason = match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => format!("the link points back to `{}`", shown(ancestor)),
        (None, Some(error)) => describe(error),
        (None, None) => error.to_string(),
    };
    Unreadable { path, reason }
}

/// Whether a file is a manifest by its extension, or a `Kustomization`.
fn has_manifest_name(path: &Path) -> bool {
    let is_kustomization = || path.file_name().and_then(|name| name.to_str()).is_some_and(is_kustomization_file);
    has_manifest_extension(path) || is_kustomization()
}

fn has_manifest_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Whether a text is read as JSON: that of a `.json` file, or of a stream or file of another type that is valid JSON.
pub(super) fn is_json(path: &str, text: &str) -> bool {
    let path = Path::new(path);
    if has_manifest_extension(path) {
        return path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    }
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A path with `/` as separator and without `.` and `..` where they are not needed, so that output is the same on all systems.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    let plain = path::join("", &text);
    if plain.is_empty() { ".".to_owned() } else { plain }
}

/// A short description of an error of the operating system.
pub(super) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "the path is a directory".to_owned(),
        _ => error.to_string(),
    }
}
