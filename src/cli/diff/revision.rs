//! The files of a git revision, which git gives without a checkout.
//!
//! They are copied to a temporary directory, so that all that reads files on disk reads those of a revision as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rayon::prelude::*;
use tempfile::TempDir;

use crate::cli::program::{self, ProgramFailure, ProgramOutput};
use crate::model::spelling::nearest;
use crate::source::path;

/// The longest time for an answer of git.
const LIMIT: Duration = Duration::from_secs(300);

/// Files outside of the path are copied up to this size in bytes: kustomizations may name them.
const LARGEST_BESIDE: usize = 4 << 20;

/// A revision with a path, as an argument names them: `main:manifests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The revision as git knows it; empty for the index.
    revision: String,
    /// The path in the repository; relative to the working directory if it starts with `./` or `../`.
    path: String,
}

/// The files of a revision.
#[derive(Debug)]
pub struct Revision {
    directory: TempDir,
    /// The place of the working directory in the repository.
    pub place: PathBuf,
    /// The path that the argument names.
    pub path: PathBuf,
    /// Warnings about files that were not copied.
    pub gaps: Vec<String>,
}

impl Named {
    /// The revision and path of an argument. `None` if it is a path on disk, or has no colon.
    pub fn parse(argument: &Path) -> Option<Self> {
        let (revision, path) = argument.to_str()?.split_once(':')?;
        let named = Self { revision: revision.to_owned(), path: path.to_owned() };
        (!argument.exists() && !revision.starts_with(['.', '/'])).then_some(named)
    }

    /// The prefix of its paths in output: `main:`.
    pub fn prefix(&self) -> String {
        format!("{}:", self.revision)
    }
}

/// A file of a revision.
struct Blob {
    mode: String,
    object: String,
}

impl Revision {
    /// The directory that stands for the root of the repository.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Copies the files that a revision has at a path, and those beside it that its manifests may name.
    ///
    /// # Errors
    ///
    /// If git is not installed, or knows neither the repository, the revision nor the path.
    pub fn copy(named: &Named) -> Result<Self, String> {
        let argument = format!("{}:{}", named.revision, named.path);
        let place = git(&["rev-parse", "--show-prefix"], Vec::new())
            .map_err(|reason| format!("cannot read `{argument}`: {reason}"))?;
        let place = text(place)?.trim_end().trim_end_matches('/').to_owned();
        let blobs = named.blobs().map_err(|reason| format!("cannot read `{argument}`: {reason}"))?;
        let wanted = match named.path.starts_with("./") || named.path.starts_with("../") || named.path == "." {
            true => path::join(&place, &named.path),
            false => path::join("", &named.path),
        };
        if !blobs.keys().any(|file| is_below(file, &wanted)) {
            return Err(format!("revision `{}` has no path `{wanted}`{}", named.shown(), named.near(&blobs, &wanted)));
        }
        let directory = TempDir::with_prefix("mesh-").map_err(|error| format!("cannot copy `{argument}`: {error}"))?;
        // Ignore files apply up to the root of a repository.
        fs::create_dir(directory.path().join(".git")).map_err(|error| format!("cannot copy `{argument}`: {error}"))?;
        let mut revision = Self { directory, place: place.into(), path: (&wanted).into(), gaps: Vec::new() };
        if wanted.is_empty() {
            revision.path = ".".into();
        }
        revision.write(named, &blobs, &wanted).map_err(|reason| format!("cannot copy `{argument}`: {reason}"))?;
        Ok(revision)
    }

    fn write(&mut self, named: &Named, blobs: &BTreeMap<String, Blob>, wanted: &str) -> Result<(), String> {
        let is_wanted = |file: &String| is_below(file, wanted) || may_be_named(file);
        let chosen: Vec<(&String, &Blob)> = blobs.iter().filter(|(file, _)| is_wanted(file)).collect();
        let (modules, files): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|(_, blob)| blob.mode == "160000");
        let modules = modules.into_iter().filter(|(file, _)| is_below(file, wanted));
        self.gaps
            .extend(modules.map(|(file, _)| format!("`{}{file}` is a submodule, which is not read", named.prefix())));
        let contents = contents(&files)?;
        let root = self.root().to_owned();
        let write = |((file, blob), content): (&(&String, &Blob), &&[u8])| -> Result<Option<String>, String> {
            let place = root.join(file);
            let is_beside = !is_below(file, wanted);
            if is_beside && content.len() > LARGEST_BESIDE {
                return Ok(None);
            }
            let fault = |error: std::io::Error| format!("`{file}`: {error}");
            fs::create_dir_all(place.parent().unwrap_or(&root)).map_err(fault)?;
            if blob.mode == "120000" {
                return Ok(link(file, &place, content).err().filter(|_| !is_beside));
            }
            fs::write(&place, content).map_err(fault)?;
            let is_pointer = content.starts_with(b"version https://git-lfs.github.com/spec/");
            Ok((is_pointer && !is_beside).then(|| format!("`{file}` is stored by Git LFS, which is not read")))
        };
        let gaps: Vec<Option<String>> =
            files.par_iter().zip(&contents.slices()).map(write).collect::<Result<_, _>>()?;
        self.gaps.extend(gaps.into_iter().flatten());
        Ok(())
    }
}

impl Named {
    fn shown(&self) -> &str {
        if self.revision.is_empty() { "(the index)" } else { &self.revision }
    }

    /// All files of the revision, by path.
    fn blobs(&self) -> Result<BTreeMap<String, Blob>, String> {
        let listed = match self.revision.as_str() {
            "" => git(&["ls-files", "--full-name", "--stage", "-z", ":/"], Vec::new())?,
            revision => {
                let commit = format!("{revision}^{{commit}}");
                let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], Vec::new())
                    .map_err(|_| format!("git knows no revision `{revision}`"))?;
                git(&["ls-tree", "-r", "-z", "--full-tree", text(commit)?.trim()], Vec::new())?
            }
        };
        let mut blobs = BTreeMap::new();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            // `<mode> <type> <object>` of a tree, `<mode> <object> <stage>` of the index.
            let Some((head, file)) = std::str::from_utf8(entry).ok().and_then(|entry| entry.split_once('\t')) else {
                continue;
            };
            let fields: Vec<&str> = head.split(' ').collect();
            let object = fields.iter().find(|field| field.len() >= 40);
            if let (Some(mode), Some(object)) = (fields.first(), object) {
                blobs.insert(file.to_owned(), Blob { mode: (*mode).to_owned(), object: (*object).to_owned() });
            }
        }
        Ok(blobs)
    }

    /// The nearest path of the directory, as the end of an error.
    fn near(&self, blobs: &BTreeMap<String, Blob>, wanted: &str) -> String {
        let directory = path::directory(wanted);
        let below = blobs.keys().filter_map(|file| match directory {
            "" => Some(file.as_str()),
            directory => file.strip_prefix(directory)?.strip_prefix('/'),
        });
        let names: BTreeSet<&str> = below.filter_map(|rest| rest.split('/').next()).collect();
        let last = wanted.rsplit('/').next().unwrap_or_default();
        let known = nearest(last, names.iter().copied());
        known.map(|name| format!("; did you mean `{}`?", path::join(directory, name))).unwrap_or_default()
    }
}

/// Whether a file is at a path, or below it. The empty path is the root.
fn is_below(file: &str, path: &str) -> bool {
    path.is_empty() || file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether manifests elsewhere may name a file, or its settings may apply to them.
fn may_be_named(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let extensions = [".yaml", ".yml", ".json", ".env", ".properties", ".conf", ".tpl", ".txt"];
    ["Kustomization", ".gitignore", ".ignore", ".helmignore"].contains(&name)
        || extensions.iter().any(|extension| name.ends_with(extension))
}

/// Makes a link, unless it leads out of the repository. The error is a warning.
fn link(file: &str, place: &Path, target: &[u8]) -> Result<(), String> {
    let target = String::from_utf8_lossy(target).into_owned();
    let joined = path::join(path::directory(file), &target);
    if target.starts_with('/') || joined.starts_with("..") {
        return Err(format!("`{file}` is a link out of the repository, which is not read"));
    }
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(&target, place);
    #[cfg(not(unix))]
    let made: std::io::Result<()> = Err(std::io::Error::other("links are not copied on this system"));
    made.map_err(|error| format!("`{file}` is a link, which is not read: {error}"))
}

/// The contents of files, in order.
struct Contents {
    output: Vec<u8>,
    places: Vec<std::ops::Range<usize>>,
}

impl Contents {
    fn slices(&self) -> Vec<&[u8]> {
        self.places.iter().map(|place| &self.output[place.clone()]).collect()
    }
}

fn contents(files: &[(&String, &Blob)]) -> Result<Contents, String> {
    let input: String = files.iter().map(|(_, blob)| format!("{}\n", blob.object)).collect();
    let output = if files.is_empty() { Vec::new() } else { git(&["cat-file", "--batch"], input.into_bytes())? };
    let mut places = Vec::with_capacity(files.len());
    let mut at = 0;
    for (file, _) in files {
        // `<object> blob <size>`, the content, and a line break.
        let rest = output.get(at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        let size =
            end.and_then(|end| std::str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse::<usize>().ok());
        let (Some(end), Some(size)) = (end, size) else {
            return Err(format!("git does not have the content of `{file}`"));
        };
        let start = at + end + 1;
        at = start + size + 1;
        if at > output.len() {
            return Err(format!("git does not have the content of `{file}`"));
        }
        places.push(start..start + size);
    }
    Ok(Contents { output, places })
}

/// The output of git. The error is its own, in one line.
fn git(arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, String> {
    match program::run_with_input(Command::new("git").args(arguments), input, LIMIT) {
        Ok(ProgramOutput { is_success: true, stdout, .. }) => Ok(stdout),
        Ok(ProgramOutput { stderr, .. }) => {
            let error = String::from_utf8_lossy(&stderr);
            let line = error.lines().next().unwrap_or("git fails without a message");
            Err(match line.contains("not a git repository") {
                true => "the working directory is not in a git repository, and no such file exists".to_owned(),
                false => line.trim_start_matches("fatal: ").to_owned(),
            })
        }
        Err(ProgramFailure::NotInstalled) => Err("`git` is not installed, and no such file exists".to_owned()),
        Err(ProgramFailure::TimedOut) => Err("`git` does not answer in time".to_owned()),
        Err(ProgramFailure::Failed(error)) => Err(format!("cannot run `git`: {error}")),
    }
}

fn text(output: Vec<u8>) -> Result<String, String> {
    String::from_utf8(output).map_err(|_| "the path of the repository is not UTF-8".to_owned())
}
