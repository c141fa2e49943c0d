//! Paths that a walk skips: those that git or an `.ignore` file ignores, and directories of tools and of tests.

use std::fs;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Directories of version control systems, which are never read.
const REPOSITORIES: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// Directories in which tools keep downloads, which can hold thousands of YAML files of other projects. An ignore file
/// can bring one back (`!node_modules/`).
const DOWNLOADS: [&str; 3] = ["node_modules", "bower_components", "__pycache__"];

/// Directories with the inputs of tests. Tools for Istio keep many manifests there, which are wrong on purpose or belong to
/// no mesh. `test` is not always one, as it is also the name of an environment. An ignore file can bring one back
/// (`!testdata/`).
const INPUTS_OF_TESTS: [&str; 7] =
    ["testdata", "tests", "__tests__", "fixtures", "__fixtures__", "expectedfailures", "expected-failures"];

/// Directories with the inputs of tests, if they are below a directory `test`, which may be an environment as well.
const INPUTS_BELOW_TEST: [&str; 6] = ["e2e", "dataset", "datasets", "conformance", "integration", "regression"];

/// Extensions of programs in which tests are written. An environment has none of them.
const LANGUAGES: [&str; 9] = ["go", "java", "js", "kt", "py", "rb", "rs", "scala", "ts"];

/// The paths to skip.
#[derive(Clone, Copy, Default)]
pub struct Exclude<'e> {
    /// Whether ignored paths, and directories of downloads and of the inputs of tests, are read.
    pub reads_ignored: bool,
    /// Whether patterns of the user exclude a path, as output shows it.
    pub by_pattern: Option<&'e dyn Fn(&str) -> bool>,
}

/// A path that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The path, as output shows it; with a slash at its end for a directory.
    pub path: String,
    /// The reason.
    pub reason: SkipReason,
}

/// The reasons why paths are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// A pattern of the user excludes the path.
    Pattern,
    /// An ignore file excludes the path.
    IgnoreFile,
    /// The name of the directory starts with a dot.
    Hidden,
    /// A tool keeps downloads in the directory.
    Downloads,
    /// The directory has the inputs of tests.
    InputsOfTests,
}

impl SkipReason {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pattern => "excluded by a pattern",
            Self::IgnoreFile => "excluded by an ignore file",
            Self::Hidden => "a hidden directory",
            Self::Downloads => "a directory of downloads",
            Self::InputsOfTests => "a directory with the inputs of tests",
        }
    }
}

/// The ignore files that apply at the current position of a walk, with the precedence of ripgrep: a deeper file takes
/// precedence over one above it, and any `.ignore` over the files of git.
pub(super) struct Exclusions {
    /// The root of the walk.
    root: PathBuf,
    /// The canonical root, whose parents are the directories above it.
    full_root: PathBuf,
    /// The number of directories above the root.
    above: usize,
    /// The ignore files of each directory above the current position, the outermost first.
    directories: Vec<DirectoryIgnores>,
}

struct DirectoryIgnores {
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
        let directories: Vec<DirectoryIgnores> =
            parents.iter().map(|directory| DirectoryIgnores::read(directory)).collect();
        Self { root: root.to_owned(), above: directories.len(), directories, full_root }
    }

    /// Enters a directory at `depth`, unless it is to be skipped, for the returned reason. Its ignore files apply from then on.
    pub fn enter(&mut self, directory: &Path, depth: usize) -> Option<SkipReason> {
        self.directories.truncate(self.above + depth);
        let full = self.full_path(directory);
        let reason = self.reason(&full, true).filter(|_| depth > 0);
        if reason.is_none() {
            self.directories.push(DirectoryIgnores::read(&full));
        }
        reason
    }

    /// The reason to skip a file at `depth`. A file at depth 0 is named by the user, and always read.
    pub fn skips(&mut self, file: &Path, depth: usize) -> Option<SkipReason> {
        self.directories.truncate(self.above + depth);
        self.reason(&self.full_path(file), false).filter(|_| depth > 0)
    }

    /// Whether to skip a path at `depth` that cannot be read, such as a link that leads nowhere. It could be a file or a
    /// directory.
    pub fn skips_unreadable(&mut self, path: &Path, depth: usize) -> bool {
        self.directories.truncate(self.above + depth);
        let full = self.full_path(path);
        depth > 0 && [false, true].into_iter().any(|is_directory| self.reason(&full, is_directory).is_some())
    }

    fn full_path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |inside| self.full_root.join(inside))
    }

    fn reason(&self, path: &Path, is_directory: bool) -> Option<SkipReason> {
        let directories = || self.directories.iter().rev();
        // The files of git apply inside its repository only.
        let depth = directories().position(|it| it.is_repository).map_or(0, |above| above + 1);
        let by_files = directories()
            .find_map(|it| matched(&it.ignore, path, is_directory))
            .or_else(|| directories().take(depth).find_map(|it| matched(&it.gitignore, path, is_directory)))
            .or_else(|| directories().take(depth).find_map(|it| matched(&it.exclude, path, is_directory)));
        match by_files {
            Some(is_ignored) => is_ignored.then_some(SkipReason::IgnoreFile),
            None if !is_directory => None,
            None if is_hidden(path) => Some(SkipReason::Hidden),
            None if has_name(path, &DOWNLOADS) => Some(SkipReason::Downloads),
            None => self.has_inputs_of_tests(path).then_some(SkipReason::InputsOfTests),
        }
    }
}

impl Exclusions {
    /// Whether a directory has the inputs of tests: by its name, or as `test` or below it.
    fn has_inputs_of_tests(&self, directory: &Path) -> bool {
        let above = directory.strip_prefix(&self.full_root).ok().and_then(Path::parent);
        let is_below_test = || above.is_some_and(|above| above.iter().any(|name| name == "test"));
        has_name(directory, &INPUTS_OF_TESTS)
            || (has_name(directory, &INPUTS_BELOW_TEST) && is_below_test())
            || (has_name(directory, &["test"]) && has_tests(directory))
    }
}

/// Whether the patterns exclude a path, or include it again. `None` if no pattern matches.
fn matched(patterns: &Gitignore, path: &Path, is_directory: bool) -> Option<bool> {
    match patterns.matched(path, is_directory) {
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
        Match::None => None,
    }
}

/// Whether an ignore file excludes a path, which need not exist, or a directory above it. A copy of a repository, without
/// the data of git, counts too.
pub(super) fn is_ignored(path: &Path) -> bool {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut parents: Vec<&Path> = full.ancestors().skip(1).collect();
    parents.reverse();
    let mut above: Vec<DirectoryIgnores> = Vec::new();
    let excludes = |above: &[DirectoryIgnores], path: &Path, is_directory: bool| {
        let files = above.iter().rev().flat_map(|it| [&it.ignore, &it.gitignore, &it.exclude]);
        files.into_iter().find_map(|patterns| matched(patterns, path, is_directory)) == Some(true)
    };
    for directory in parents {
        if excludes(&above, directory, true) {
            return true;
        }
        above.push(DirectoryIgnores::read(directory));
    }
    excludes(&above, &full, false)
}

impl DirectoryIgnores {
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

/// Whether a directory is hidden: tools keep their own files there, and people what they do not use any more.
fn is_hidden(directory: &Path) -> bool {
    directory.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Whether a directory holds the data of a version control system.
pub(super) fn is_repository_data(directory: &Path) -> bool {
    has_name(directory, &REPOSITORIES)
}

/// Whether a directory `test` has tests: those of Java projects are in `src/test`, and others are programs in the directory
/// or in one of its own.
fn has_tests(directory: &Path) -> bool {
    let is_below_sources = directory.parent().is_some_and(|parent| has_name(parent, &["src"]));
    is_below_sources || entries(directory).any(|entry| is_program(&entry) || entries(&entry).any(|it| is_program(&it)))
}

/// The paths in a directory. None if it cannot be read: the walk says so.
fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|extension| LANGUAGES.iter().any(|known| extension == *known))
}

fn has_name(directory: &Path, names: &[&str]) -> bool {
    directory.file_name().is_some_and(|name| names.iter().any(|known| name == *known))
}
