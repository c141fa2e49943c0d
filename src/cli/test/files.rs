//! The files of cases.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use walkdir::WalkDir;

use crate::cases::{Case, read, read_recorded};
use crate::cli::args::Common;
use crate::cli::terminal::{self, Tone};
use crate::proof::fields::FileMistake;
use crate::source::Sources;

/// The ends of the names of files that are read if nothing names one.
const ENDS: [&str; 4] = ["_test.yaml", "_test.yml", ".test.yaml", ".test.yml"];

/// Reads the cases of files and directories. In directories, the files that end with `.yaml` or `.yml` are read, and those
/// without cases are left out.
///
/// # Errors
///
/// All mistakes of all files.
pub fn read_all(common: &Common, paths: &[PathBuf]) -> Result<Vec<Case>, Vec<String>> {
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        for file in files(path, &mut errors) {
            match read_file(common, &file, file == *path) {
                Ok(found) => cases.extend(found),
                Err(found) => errors.extend(found),
            }
        }
    }
    if cases.is_empty() && errors.is_empty() {
        let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        errors.push(format!("no cases in {}: write a list `testCases`", paths.join(", ")));
    }
    if errors.is_empty() { Ok(cases) } else { Err(errors) }
}

/// The files below the working directory whose names say that they have cases. Those that git ignores are left out.
pub fn usual() -> Vec<PathBuf> {
    let entries = WalkBuilder::new(".").sort_by_file_name(Ord::cmp).build().filter_map(Result::ok);
    let is_usual = |name: &str| ENDS.iter().any(|end| name.ends_with(end));
    let files = entries.filter(|entry| entry.file_type().is_some_and(|it| it.is_file()));
    let found = files.filter(|entry| entry.file_name().to_str().is_some_and(is_usual));
    found.map(|entry| entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned()).collect()
}

/// The files of a path, in order.
fn files(path: &Path, errors: &mut Vec<String>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let is_yaml = entry.path().extension().is_some_and(|it| it == "yaml" || it == "yml");
                if is_yaml || entry.depth() == 0 {
                    found.push(entry.into_path());
                }
            }
            Err(error) => errors.push(format!("cannot read `{}`: {}", path.display(), reason(&error))),
        }
    }
    found
}

fn reason(error: &walkdir::Error) -> String {
    error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The cases of a file. One that the user names must have some.
fn read_file(common: &Common, path: &Path, is_named: bool) -> Result<Vec<Case>, Vec<String>> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("cannot read `{shown}`: {error}")])?;
    if let Some(recorded) = read_recorded(&shown, &text) {
        return recorded.map_err(|error| vec![error]);
    }
    let mut sources = Sources::default();
    let file = sources.add(shown.clone(), text);
    match read(&sources, file) {
        Ok(found) if is_named && !found.broken.is_empty() => {
            Err(found.broken.iter().map(ToString::to_string).collect())
        }
        Ok(found) if is_named && !found.has_list => Err(vec![format!("`{shown}` has no list `testCases`")]),
        Ok(found) => {
            let say = |ignored: &FileMistake| terminal::say(common, Tone::Warning, &ignored.to_string());
            found.ignored.iter().for_each(say);
            Ok(found.cases)
        }
        Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect()),
    }
}
