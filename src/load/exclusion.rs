//! Paths that a walk skips: what git ignores, what `.ignore` files name, and what tools keep for themselves.

use std::fs;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Directories of version control systems. They are never read.
const REPOSITORIES: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// Directories in which tools keep downloads, which can hold thousands of YAML files of other projects. An ignore file
/// can bring one back (`!node_modules/`).
const DOWNLOADS: [&str; 6] =
    ["node_modules", "bower_components", ".terraform", ".terragrunt-cache", ".venv", "__pycache__"];

/// Whether ignore files and the list of [`DOWNLOADS`] apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Exclude {
    /// They do.
    #[default]
    Ignored,
    /// Every manifest is read.
    Nothing,
}

/// The ignore files that apply at one place of a walk, with the precedence that ripgrep gives them: a deeper file takes
/// precedence over one above it, and any `.ignore` over what git ignores.
pub(super) struct Exclusions {
    /// The directory at which the walk begins.
    root: PathBuf,
    /// The same without links and `..`, so that its parents are the directories above it.
    full_root: PathBuf,
    /// The number of levels above the root.
    above: usize,
    /// A level for each directory on the way, the outermost first.
    levels: Vec<Level>,
}

struct Level {
    ignore: Gitignore,
    gitignore: Gitignore,
    exclude: Gitignore,
    is_repository: bool,
}

impl Exclusions {
    /// Reads the ignore files above the root of a walk.
    pub fn above(root: &Path) -> Self {
        let full_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let mut parents: Vec<&Path> = full_root.ancestors().skip(1).collect();
        parents.reverse();
        let levels: Vec<Level> = parents.iter().map(|directory| Level::read(directory)).collect();
        Self { root: root.to_owned(), above: levels.len(), levels, full_root }
    }

    /// Whether a walk enters a directory that it has come to at `depth`. Its own ignore files apply from then on.
    pub fn enters(&mut self, directory: &Path, depth: usize) -> bool {
        self.levels.truncate(self.above + depth);
        let full = self.full_path(directory);
        let enters = depth == 0 || !self.is_excluded(&full, true);
        if enters {
            self.levels.push(Level::read(&full));
        }
        enters
    }

    /// Whether a walk reads a file that it has come to at `depth`. A file at depth 0 was named, and is always read.
    pub fn reads(&mut self, file: &Path, depth: usize) -> bool {
        self.levels.truncate(self.above + depth);
        depth == 0 || !self.is_excluded(&self.full_path(file), false)
    }

    fn full_path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |inside| self.full_root.join(inside))
    }

    fn is_excluded(&self, path: &Path, is_directory: bool) -> bool {
        let excluded_by = |matcher: &Gitignore| match matcher.matched(path, is_directory) {
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
            Match::None => None,
        };
        let levels = || self.levels.iter().rev();
        // git's own files count up to the directory of the repository.
        let depth = levels().position(|level| level.is_repository).map_or(0, |above| above + 1);
        levels()
            .find_map(|level| excluded_by(&level.ignore))
            .or_else(|| levels().take(depth).find_map(|level| excluded_by(&level.gitignore)))
            .or_else(|| levels().take(depth).find_map(|level| excluded_by(&level.exclude)))
            .unwrap_or_else(|| is_directory && has_name(path, &DOWNLOADS))
    }
}

impl Level {
    fn read(directory: &Path) -> Self {
        let marker = directory.join(".git");
        Self {
            ignore: matcher(directory, &directory.join(".ignore")),
            gitignore: matcher(directory, &directory.join(".gitignore")),
            exclude: exclude_file(&marker).map_or_else(Gitignore::empty, |file| matcher(directory, &file)),
            is_repository: marker.exists(),
        }
    }
}

/// The patterns of an ignore file, which apply below `directory`. Like git, this skips patterns that are not valid.
fn matcher(directory: &Path, file: &Path) -> Gitignore {
    if !file.is_file() {
        return Gitignore::empty();
    }
    let mut builder = GitignoreBuilder::new(directory);
    let _ = builder.add(file);
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// `info/exclude` of a repository. In a linked worktree `.git` is a file that leads to the main repository.
fn exclude_file(marker: &Path) -> Option<PathBuf> {
    if marker.is_dir() {
        return Some(marker.join("info/exclude"));
    }
    let text = fs::read_to_string(marker).ok()?;
    let repository = marker.parent()?.join(text.strip_prefix("gitdir:")?.trim());
    let common = fs::read_to_string(repository.join("commondir")).ok();
    let common = common.map_or_else(|| repository.clone(), |written| repository.join(written.trim()));
    Some(common.join("info/exclude"))
}

/// Whether a directory holds the data of a version control system.
pub(super) fn is_repository_data(directory: &Path) -> bool {
    has_name(directory, &REPOSITORIES)
}

fn has_name(directory: &Path, names: &[&str]) -> bool {
    directory.file_name().is_some_and(|name| names.iter().any(|known| name == *known))
}
