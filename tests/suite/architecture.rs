//! The structure of the code: the modules of `src/lib.rs` use only those declared above them, and files stay small.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// A file with more lines has more than one purpose.
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

/// The number of modules between a file and the crate's root: 2 for `src/lint/rule.rs` and for `src/lint/rules/mod.rs`.
fn depth(file: &Path) -> usize {
    let parts = file.strip_prefix(src()).unwrap().components().count();
    if file.ends_with("mod.rs") { parts - 1 } else { parts }
}

/// Collects the root modules that code names, with their lines: in a `use` of one or several modules, in an expression or
/// inside a macro, by `crate::` or by enough `super::`.
fn named_modules(code: TokenStream, depth: usize, named: &mut Vec<(usize, String)>) {
    let tokens: Vec<TokenTree> = code.into_iter().collect();
    let word = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    };
    let is_path = |at: usize| {
        let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(it)) if it.as_char() == ':');
        is_colon(at) && is_colon(at + 1)
    };
    let mut at = 0;
    while at < tokens.len() {
        let mut next = at + 1;
        let mut is_root = word(at).as_deref() == Some("crate") && is_path(next);
        if word(at).as_deref() == Some("super") && is_path(next) {
            let mut ups = 1;
            while word(next + 2).as_deref() == Some("super") && is_path(next + 3) {
                ups += 1;
                next += 3;
            }
            is_root = ups >= depth;
        }
        if is_root {
            first_words(tokens.get(next + 2), named);
        }
        if let TokenTree::Group(group) = &tokens[at] {
            let is_module = at >= 2 && word(at - 2).as_deref() == Some("mod");
            named_modules(group.stream(), depth + usize::from(is_module), named);
        }
        at = next;
    }
}

/// The word after `crate::`, or the first word of each path in braces.
fn first_words(token: Option<&TokenTree>, named: &mut Vec<(usize, String)>) {
    match token {
        Some(TokenTree::Ident(ident)) => named.push((ident.span().start().line, ident.to_string())),
        Some(TokenTree::Group(group)) => {
            let mut is_first = true;
            for token in group.stream() {
                match token {
                    TokenTree::Punct(punct) if punct.as_char() == ',' => is_first = true,
                    token if is_first => {
                        first_words(Some(&token), named);
                        is_first = false;
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn modules_in(text: &str, depth: usize) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    named_modules(text.parse().expect("it is Rust"), depth, &mut named);
    named
}

#[test]
fn modules_use_only_those_above_them() {
    let modules = declared_modules();
    assert!(modules.len() > 5, "lib.rs declares {modules:?}");
    let mut upward = Vec::new();
    for (rank, module) in modules.iter().enumerate() {
        let alone = src().join(format!("{module}.rs"));
        for file in source_files(&src().join(module)).into_iter().chain(alone.exists().then_some(alone)) {
            let text = fs::read_to_string(&file).unwrap();
            for (line, named) in modules_in(&text, depth(&file)) {
                if modules[rank + 1..].contains(&named) {
                    upward.push(format!("{}:{line}: {module} uses {named}", file.display()));
                }
            }
        }
    }
    assert!(upward.is_empty(), "modules use only those above them in lib.rs:\n{}", upward.join("\n"));
}

/// `modules_in` finds every way to name a module of the crate's root.
#[test]
fn every_form_of_use_is_found() {
    let forms = [
        "use crate::lint::Rule;",
        "use crate::{\n    lint,\n};",
        "use crate::{world::World, lint::{self, Rule}};",
        "fn f() { let x = crate::lint::run(); }",
        "fn f() { println!(\"{}\", crate::lint::NAME); }",
        "fn f(rule: &crate::lint::Rule) {}",
        "use super::lint::Rule;",
        "mod tests { use super::super::lint; }",
        "pub(crate) use crate::lint as judge;",
    ];
    for form in forms {
        assert!(modules_in(form, 1).iter().any(|(_, module)| module == "lint"), "{form}");
    }
    let others = ["// crate::lint", "fn f() { \"crate::lint\"; }", "pub(crate) fn lint() {}", "use self::lint;"];
    for other in others {
        assert!(modules_in(other, 1).is_empty(), "{other}");
    }
    assert!(modules_in("use super::lint;", 2).is_empty(), "that is a sibling");
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
fn modules_have_specific_names() {
    const VAGUE: [&str; 7] = ["utils", "util", "common", "helpers", "helper", "misc", "shared"];
    for entry in walkdir::WalkDir::new(src()) {
        let path = entry.unwrap().into_path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!VAGUE.contains(&stem.as_str()), "the name of {} does not say what is in it", path.display());
    }
}

/// The documentation names files and directories, which must exist. Paths with a placeholder are not checked.
#[test]
fn documents_name_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut absent = Vec::new();
    for document in ["CONTRIBUTING.md", "docs/architecture.md", "docs/severity.md", "docs/style.md", "docs/testing.md"]
    {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let paths =
            quoted.filter(|path| ["src/", "tests/", "docs/", "fixtures/"].iter().any(|it| path.starts_with(it)));
        let complete = paths.filter(|path| !path.contains(['<', '*', ' ']));
        absent.extend(complete.filter(|path| !root.join(path).exists()).map(|path| format!("{document}: {path}")));
    }
    assert!(absent.is_empty(), "these files do not exist:\n{}", absent.join("\n"));
}
