//! The differences of the texts of files.

use std::collections::{BTreeMap, BTreeSet};

use similar::{ChangeTag, TextDiff};

use super::theme::Theme;
use super::words::push_clean;
use crate::lint::Severity;

/// Texts by the paths of their files.
pub type Texts<'t> = BTreeMap<String, &'t str>;

/// The unchanged lines around a change.
const CONTEXT: usize = 3;

/// Appends the differences of two sets of files, in the unified format.
pub(in crate::report) fn push_files(text: &mut String, old: &Texts<'_>, new: &Texts<'_>, theme: &Theme) {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for path in paths {
        let (before, after) = (old.get(path).copied(), new.get(path).copied());
        if before == after {
            continue;
        }
        let name = |side: &str, text: Option<&str>| match text {
            Some(_) => format!("{side}/{path}"),
            None => "/dev/null".to_owned(),
        };
        text.push_str(&theme.accent(&format!("--- {}\n+++ {}", name("a", before), name("b", after))));
        text.push('\n');
        let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
        for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
            text.push_str(&theme.faint(&hunk.header().to_string()));
            text.push('\n');
            for change in hunk.iter_changes() {
                let mut line = String::new();
                push_clean(&mut line, change.value().trim_end_matches(['\n', '\r']));
                text.push_str(&match change.tag() {
                    ChangeTag::Delete => theme.severity(Severity::Error, &format!("-{line}")),
                    ChangeTag::Insert => theme.severity(Severity::Info, &format!("+{line}")),
                    ChangeTag::Equal => format!(" {line}"),
                });
                text.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Style;

    #[test]
    fn added_and_removed_files_are_shown_as_git_does() {
        let texts = |all: &[(&str, &'static str)]| -> Texts<'static> {
            all.iter().map(|(path, text)| ((*path).to_owned(), *text)).collect()
        };
        let mut text = String::new();
        let (old, new) = (
            texts(&[("a", "1\n2\n"), ("b", "x\n"), ("c", "same\n")]),
            texts(&[("a", "1\n3\n"), ("c", "same\n"), ("d", "y\n")]),
        );
        push_files(&mut text, &old, &new, &Theme::new(Style::default()));
        assert_eq!(
            text,
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n--- /dev/null\n+++ b/d\n\
             @@ -0,0 +1 @@\n+y\n"
        );
    }
}
