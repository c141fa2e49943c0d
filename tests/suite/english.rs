//! The wordings that `docs/style.md` rules out are in no text: not in documentation, comments or messages.

use std::fs;
use std::path::{Path, PathBuf};

/// Wordings and what to write instead, in lower case. `|` marks a word boundary.
const RULED_OUT: &[(&str, &str)] = &[
    ("|is none|", "RE2 rejects it"),
    ("|are none|", "they do not exist"),
    ("|is no |", "is not a …"),
    ("|that there is not|", "that does not exist"),
    ("|is taken|", "is treated as, is used"),
    ("|are taken|", "are treated as, are used"),
    ("|not taken|", "not used"),
    ("|takes away|", "suppresses, removes"),
    ("becomes of|", "what happens to"),
    ("|comes to|", "results in"),
    ("|goes before|", "takes precedence over"),
    ("|for want of|", "needs … that was not given"),
    ("passed over|", "skipped"),
    ("|held against|", "compared with"),
    ("|says nothing|", "does not say"),
    ("|say nothing|", "do not say"),
    ("|younger|", "newer"),
    ("|looks after|", "manages"),
    ("|lets everybody|", "allows all requests"),
    ("|is begun|", "starts"),
    ("|the sort of|", "the kind of"),
];

/// Phrases in which a wording is right: "there is no Gateway", "is no longer".
const ALLOWED: [&str; 7] = [
    "there is no ",
    "there is none",
    "there are none",
    "is no longer",
    "is no more than",
    "is no less than",
    "taken into account",
];

#[test]
fn no_text_has_a_wording_that_the_style_rules_out() {
    let mut faults = Vec::new();
    for path in texts() {
        let text = fs::read_to_string(&path).unwrap();
        let is_page = path.extension().is_some_and(|extension| extension == "md");
        for (number, line) in text.lines().enumerate() {
            let line = if is_page { without_quotations(line) } else { line.to_owned() };
            if let Some((wording, instead)) = ruled_out(&line) {
                let wording = wording.replace('|', "");
                faults.push(format!(
                    "{}:{}: {wording:?} (write: {instead}): {}",
                    path.display(),
                    number + 1,
                    line.trim()
                ));
            }
            if opens_with_what(&line) {
                faults.push(format!("{}:{}: opens with \"What\": {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{} places:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn wordings_are_recognised() {
    for line in ["`a b` is no host", "What becomes of it", "these are taken as", "it is none"] {
        assert!(ruled_out(line).is_some(), "{line}");
    }
    for line in [
        "there is no Gateway",
        "or the reason why there is none",
        "it is no longer read",
        "is_none()",
        "nonetheless",
        "comes together",
        "the mode is NONE",
    ] {
        assert!(ruled_out(line).is_none(), "{line}");
    }
    assert!(opens_with_what("/// What it is.") && opens_with_what("What it is."));
    assert!(!opens_with_what("## What it checks") && !opens_with_what("/// Whatever it is."));
}

/// The sources and documents of the project, but for this file and the page that lists the wordings.
fn texts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts: Vec<PathBuf> =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ".pre-commit-hooks.yaml", "Cargo.toml"]
            .iter()
            .map(|name| root.join(name))
            .collect();
    for directory in ["src", "docs", "tests"] {
        let entries = walkdir::WalkDir::new(root.join(directory)).sort_by_file_name();
        let files = entries.into_iter().map(|entry| entry.unwrap().into_path());
        texts.extend(files.filter(|path| path.extension().is_some_and(|it| it == "rs" || it == "md" || it == "snap")));
    }
    texts.retain(|path| !path.ends_with("tests/suite/english.rs") && !path.ends_with("docs/style.md"));
    texts
}

fn ruled_out(line: &str) -> Option<(&'static str, &'static str)> {
    // `NONE` is a value of the API.
    let mut line = line.replace("NONE", "").to_lowercase();
    for allowed in ALLOWED {
        line = line.replace(allowed, "");
    }
    RULED_OUT.iter().copied().find(|(wording, _)| {
        let words = wording.trim_matches('|');
        line.match_indices(words).any(|(at, _)| {
            let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
            let starts = !wording.starts_with('|') || !is_word(line[..at].chars().next_back());
            let ends = words.ends_with(' ') || !is_word(line[at + words.len()..].chars().next());
            starts && ends
        })
    })
}

/// Whether a comment or a paragraph opens with "What": it should open with the thing itself.
fn opens_with_what(line: &str) -> bool {
    let text = line.trim_start();
    let comment = text.trim_start_matches("//!").trim_start_matches("///").trim_start_matches("//");
    let is_text = comment.len() < text.len() || line.starts_with("What ");
    is_text && comment.trim_start().starts_with("What ") && !text.trim_end().ends_with('?')
}

/// A line of Markdown without what stands in quotation marks.
fn without_quotations(line: &str) -> String {
    line.split('"').step_by(2).collect()
}
