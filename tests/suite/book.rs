//! The documentation as a book: its table of contents has all pages.

#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use mesh::lint::rules;

/// The pages before the rules, in their order.
const PAGES: [&str; 18] = [
    "configuration",
    "output",
    "ci",
    "baseline",
    "fix",
    "unchecked",
    "meshes",
    "helm",
    "simulate",
    "diff",
    "reach",
    "check",
    "test",
    "json",
    "commands",
    "proofs",
    "severity",
    "architecture",
];
/// The pages for those who work on the program.
const INTERNAL: [&str; 2] = ["testing", "style"];

fn title(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().to_owned()
}

fn contents(docs: &Path) -> String {
    let mut text = "# Summary\n\n".to_owned();
    for page in PAGES.iter().chain(&INTERNAL) {
        let _ = writeln!(text, "- [{}]({page}.md)", title(&docs.join(format!("{page}.md"))));
    }
    text.push_str("- [Rules](rules/README.md)\n");
    for family in rules::FAMILIES {
        let _ = writeln!(text, "  - [{}]()", family.about);
        for rule in family.rules {
            let _ = writeln!(text, "    - [{0}](rules/{0}.md)", rule.name);
        }
    }
    text
}

#[test]
fn the_table_of_contents_has_all_pages() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let path = docs.join("SUMMARY.md");
    let contents = contents(&docs);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &contents).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == contents, "docs/SUMMARY.md is out of date; run `UPDATE=1 cargo test --test suite book`");
    let pages = fs::read_dir(&docs).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = pages.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
    let listed: BTreeSet<String> =
        PAGES.iter().chain(&INTERNAL).chain(&["SUMMARY"]).map(|it| (*it).to_owned()).collect();
    assert_eq!(pages, listed);
}

/// The files that name a version have the one of the package, and those in YAML can be read.
#[test]
fn packages_fit_together() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(text(".github/pre-commit-mirror/pyproject.toml").contains(&format!("\"mesh-lint=={version}\"")));
    assert!(text("docs/ci.md").contains(&format!("mesh-lint/mesh@v{version}")));
    assert!(text("pyproject.toml").contains(&format!("name = \"{}\"", env!("CARGO_PKG_NAME"))));
    let yaml =
        |path: &str| serde_yaml::from_str::<serde_json::Value>(&text(path)).unwrap_or_else(|it| panic!("{path}: {it}"));
    for path in ["action.yml", ".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        assert!(yaml(path).is_object(), "{path}");
    }
    let hooks = |path: &str| {
        let hooks = yaml(path).as_array().unwrap().clone();
        hooks.into_iter().filter(|hook| hook["id"] == "mesh-lint").collect::<Vec<_>>()
    };
    let (own, mirrored) = (hooks(".pre-commit-hooks.yaml"), hooks(".github/pre-commit-mirror/.pre-commit-hooks.yaml"));
    assert_eq!((own.len(), &own), (1, &mirrored));
}
