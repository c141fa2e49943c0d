//! The modules of `src/lib.rs` use only those declared above them, and files stay small.

use std::fs;
use std::path::{Path, PathBuf};

/// More lines than this in a file mean that it has more than one purpose.
const MOST_LINES: usize = 600;

fn source_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(directory) {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn declared_modules() -> Vec<String> {
    let text = fs::read_to_string(src().join("lib.rs")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect()
}

/// The modules that a line of code names as `crate::module`, be it in a path or in a `use` of several.
fn named_modules(line: &str) -> Vec<&str> {
    line.match_indices("crate::")
        .filter_map(|(at, found)| line[at + found.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .collect()
}

#[test]
fn modules_use_only_those_above_them() {
    let modules = declared_modules();
    assert!(modules.len() > 5, "lib.rs declares {modules:?}");
    let mut upward = Vec::new();
    for (rank, module) in modules.iter().enumerate() {
        for file in source_files(&src().join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
                for named in named_modules(line) {
                    if modules[rank + 1..].iter().any(|later| later == named) {
                        upward.push(format!("{}:{}: {module} uses {named}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(upward.is_empty(), "modules use only those above them in lib.rs:\n{}", upward.join("\n"));
}

#[test]
fn files_stay_small() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = source_files(&src()).into_iter().chain(source_files(&tests));
    let large: Vec<String> = files
        .filter_map(|file| {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            (lines > MOST_LINES).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    assert!(large.is_empty(), "split these files:\n{}", large.join("\n"));
}

#[test]
fn names_say_what_a_module_is() {
    const SAY_NOTHING: [&str; 5] = ["utils", "util", "common", "helpers", "misc"];
    for file in source_files(&src()) {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!SAY_NOTHING.contains(&stem.as_str()), "{} says nothing", file.display());
    }
}
