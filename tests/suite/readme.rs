//! The output in the README is that of the commands. `UPDATE=1 cargo test` rewrites it.

use std::fs;
use std::path::Path;

use super::mesh::mesh;

/// Runs the `mesh` commands of a block, and replaces the output below them.
fn with_real_output(block: &str) -> String {
    let mut shown = String::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        shown.push_str(&format!("{line}\n"));
        let has_output = lines.peek().is_some_and(|next| !next.starts_with("$ "));
        while lines.next_if(|next| !next.starts_with("$ ")).is_some() {}
        if has_output {
            let command = line.strip_prefix("$ mesh ").unwrap_or_else(|| panic!("{line}: only mesh can be run"));
            shown.push_str(&mesh(&command.split(' ').collect::<Vec<_>>()).stdout);
        }
    }
    shown
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the one switch of the tests")]
fn the_readme_shows_real_output() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let written = fs::read_to_string(&path).unwrap();
    let mut parts = written.split("```console\n");
    let mut real = parts.next().unwrap().to_owned();
    for part in parts {
        let (block, rest) = part.split_once("```").expect("the block is closed");
        real.push_str(&format!("```console\n{}```{rest}", with_real_output(block)));
    }
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, &real).unwrap();
        return;
    }
    let difference =
        similar::TextDiff::from_lines(&written, &real).unified_diff().header("README.md", "real").to_string();
    assert!(written == real, "run UPDATE=1 cargo test readme\n{difference}");
}
