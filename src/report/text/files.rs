//! The differences of the texts of files.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use similar::{ChangeTag, TextDiff};

use super::theme::Theme;
use super::words::push_clean;
use crate::lint::Severity;
use crate::report::Style;
use crate::source::SourceFile;

/// Texts by the paths under which both sides have them. `.` is a side that is a file itself, whatever its name is.
pub type Texts<'t> = BTreeMap<String, Text<'t>>;

/// The text of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'t> {
    /// The name of the file, without directories.
    name: &'t str,
    text: &'t str,
}

impl<'t> Text<'t> {
    /// The text of a file.
    pub fn of(file: &'t SourceFile) -> Self {
        Self { name: file.path().rsplit('/').next().unwrap_or_default(), text: file.text() }
    }
}

/// The unchanged lines around a change.
const CONTEXT: usize = 3;

/// The note of `diff` and git.
const NO_NEWLINE: &str = "\\ No newline at end of file\n";

/// Writes the differences of texts, by their paths, in the unified format.
pub fn patch(
    old: &BTreeMap<&str, &str>,
    new: &BTreeMap<&str, &str>,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut text = String::new();
    let theme = Theme::new(*style);
    push_files(&mut text, &as_texts(old), &as_texts(new), &theme);
    out.write_all(text.as_bytes())
}

fn as_texts<'t>(texts: &BTreeMap<&'t str, &'t str>) -> Texts<'t> {
    texts.iter().map(|(path, text)| ((*path).to_owned(), Text { name: path, text })).collect()
}

/// Appends the differences of two sets of files, in the unified format.
pub(in crate::report) fn push_files(text: &mut String, old: &Texts<'_>, new: &Texts<'_>, theme: &Theme) {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for path in paths {
        let (before, after) = (old.get(path).copied(), new.get(path).copied());
        if before.map(|it| it.text) == after.map(|it| it.text) {
            continue;
        }
        let (mut removed, mut added) = (String::new(), String::new());
        push_clean(&mut removed, &name("a", path, before));
        push_clean(&mut added, &name("b", path, after));
        text.push_str(&theme.accent(&format!("--- {removed}\n+++ {added}")));
        text.push('\n');
        push_changes(text, before.map_or("", |it| it.text), after.map_or("", |it| it.text), theme);
    }
}

/// The name of a file in the header, from which `patch` gets its path.
fn name(side: &str, path: &str, text: Option<Text<'_>>) -> String {
    match text {
        None => "/dev/null".to_owned(),
        Some(text) if path == "." => format!("{side}/{}", text.name),
        // Bases are often beside the directory that is compared.
        Some(_) => format!("{side}/{}", path.trim_start_matches("../").trim_start_matches('/')),
    }
}

fn push_changes(text: &mut String, before: &str, after: &str, theme: &Theme) {
    let diff = TextDiff::from_lines(before, after);
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        text.push_str(&theme.faint(&hunk.header().to_string()));
        text.push('\n');
        for change in hunk.iter_changes() {
            let mut line = String::new();
            // A carriage return is shown, because it can be all that differs.
            push_clean(&mut line, change.value().strip_suffix('\n').unwrap_or(change.value()));
            text.push_str(&match change.tag() {
                ChangeTag::Delete => theme.severity(Severity::Error, &format!("-{line}")),
                ChangeTag::Insert => theme.severity(Severity::Info, &format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            });
            text.push('\n');
            if change.missing_newline() {
                text.push_str(NO_NEWLINE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Style;

    fn changes(old: &[(&str, &'static str)], new: &[(&str, &'static str)]) -> String {
        let texts = |all: &[(&str, &'static str)]| -> Texts<'static> {
            all.iter().map(|(path, text)| ((*path).to_owned(), Text { name: "x.yaml", text })).collect()
        };
        let mut text = String::new();
        push_files(&mut text, &texts(old), &texts(new), &Theme::new(Style::default()));
        text
    }

    #[test]
    fn added_and_removed_files_are_shown_as_git_does() {
        assert_eq!(
            changes(
                &[("a", "1\n2\n"), ("b", "x\n"), ("c", "same\n")],
                &[("a", "1\n3\n"), ("c", "same\n"), ("d", "y\n")]
            ),
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n--- /dev/null\n+++ b/d\n\
             @@ -0,0 +1 @@\n+y\n"
        );
    }

    #[test]
    fn ends_of_lines_are_shown_if_they_differ() {
        assert_eq!(
            changes(&[("a", "1\n2")], &[("a", "1\n2\n")]),
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n"
        );
        assert_eq!(changes(&[("a", "1\r\n")], &[("a", "1\n")]), "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\\r\n+1\n");
    }

    #[test]
    fn names_are_those_that_patch_takes() {
        assert!(changes(&[("../base/a.yaml", "1\n")], &[]).starts_with("--- a/base/a.yaml\n+++ /dev/null\n"));
        assert!(changes(&[(".", "1\n")], &[(".", "2\n")]).starts_with("--- a/x.yaml\n+++ b/x.yaml\n"));
        assert!(changes(&[("a\u{1b}[31m", "1\n")], &[]).starts_with("--- a/a\\u{1b}[31m\n"));
    }
}
