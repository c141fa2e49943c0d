//! The cases of all rules, in `tests/rules/<rule>.md`. `CONTRIBUTING.md` describes their format:
//!
//! - A heading `## …` starts a case. Prose may explain it.
//! - An optional block `yaml config` is the configuration file.
//! - A block `yaml` has the manifests. Lines on which the rule reports end with `# <- rule-name`. In a block
//!   `yaml unmarked` they need no marks: for text that cannot carry comments. `REPEAT(a, 300)` is 300 times the text `a`.
//! - A block `text` has the complete output of the rule. `UPDATE=1 cargo test cases` writes it; read it before you commit it.
//!   A case without this block expects that the rule reports nothing and leaves nothing unchecked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mesh::lint::{Rule, rules};
use rayon::prelude::*;

use crate::example::Example;

/// One case of a rule.
struct Case<'t> {
    name: &'t str,
    example: Example,
    is_marked: bool,
    expected: &'t str,
}

#[test]
fn cases_report_what_they_expect() {
    let faults: Vec<String> = rules::ALL.par_iter().flat_map_iter(|rule| check(rule)).collect();
    assert!(faults.is_empty(), "\n{}\n`UPDATE=1 cargo test cases` rewrites the `text` blocks", faults.join("\n"));
}

#[test]
fn every_rule_has_a_file_of_cases_and_every_file_a_rule() {
    let of_rules: BTreeSet<PathBuf> = rules::ALL.iter().map(|rule| path(rule)).collect();
    let entries = fs::read_dir(directory()).expect("tests/rules is a directory");
    let strays: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it can be listed").path()).filter(|path| !of_rules.contains(path)).collect();
    assert!(strays.is_empty(), "no rule has these names: {strays:?}");
    let without: Vec<&str> =
        rules::ALL.iter().filter(|rule| parse(&text_of(rule)).is_empty()).map(|rule| rule.name).collect();
    assert!(without.is_empty(), "these rules have no cases: {without:?}");
}

/// Pages and cases exercise every declared finding, and every line that reports one. A line that nothing exercises is
/// dead or untested.
#[test]
fn every_place_that_reports_is_exercised() {
    let seen: Vec<(String, String)> =
        rules::ALL.par_iter().flat_map_iter(|rule| examples(rule)).flat_map_iter(seen_in).collect();
    let findings: BTreeSet<&str> = seen.iter().map(|(finding, _)| finding.as_str()).collect();
    let places: BTreeSet<&str> = seen.iter().map(|(_, place)| place.as_str()).collect();
    let declared =
        rules::ALL.iter().flat_map(|rule| rule.findings.iter().map(|it| format!("{}/{}", rule.name, it.name)));
    let unseen: Vec<String> = declared.filter(|name| !findings.contains(name.as_str())).collect();
    assert!(unseen.is_empty(), "no page or case has these findings: {unseen:#?}");
    let unseen: Vec<String> = reporting_lines().into_iter().filter(|place| !places.contains(place.as_str())).collect();
    assert!(unseen.is_empty(), "no page or case exercises these lines: {unseen:#?}");
}

/// The examples of a rule's page and its cases.
pub fn examples(rule: &Rule) -> Vec<Example> {
    let blocks = ["bad", "good"].map(|word| block(rule.page, &format!("yaml {word}")).unwrap_or_default());
    let cases = text_of(rule);
    let of_cases = parse(&cases).into_iter().map(|case| case.example);
    blocks.into_iter().map(Example::new).chain(of_cases).collect()
}

/// The findings that an example has, each with the line of the program that reports it.
fn seen_in(example: Example) -> Vec<(String, String)> {
    let linted = example.lint();
    let seen = linted.diagnostics().iter().map(|it| {
        let place = it.reported_at;
        (format!("{}/{}", it.rule.name, it.finding.name), format!("{}:{}", place.file(), place.line()))
    });
    seen.collect()
}

/// The lines of `src/lint/rules` and of `src/lint/suppression` that report a finding.
fn reporting_lines() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = Vec::new();
    for directory in ["src/lint/rules", "src/lint/suppression"] {
        for entry in walkdir::WalkDir::new(root.join(directory)).sort_by_file_name() {
            let path = entry.expect("it can be listed").into_path();
            if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).expect("it can be read");
                let name = path.strip_prefix(root).expect("it is below the root").display().to_string();
                let all: Vec<&str> = text.lines().collect();
                let reports =
                    (0..all.len()).filter(|&index| all[index].contains(".report(") && !passes_on(&all, index));
                lines.extend(reports.map(|index| format!("{name}:{}", index + 1)));
            }
        }
    }
    lines
}

/// Whether a line reports in the name of another line: its caller, or the one that found a violation.
fn passes_on(lines: &[&str], index: usize) -> bool {
    let before = &lines[index.saturating_sub(2)..index];
    let after = lines.get(index + 1).is_some_and(|line| line.contains(".reported_at = "));
    after || before.iter().any(|line| line.trim() == "#[track_caller]")
}

/// The faults of the cases of a rule. Updates the cases if `UPDATE` is set.
fn check(rule: &Rule) -> Vec<String> {
    let text = text_of(rule);
    let mut faults = Vec::new();
    let mut updated = text.clone();
    for case in parse(&text) {
        let place = format!("tests/rules/{}.md, {:?}", rule.name, case.name);
        let linted = case.example.lint();
        let found: BTreeSet<_> = linted.of_rule(rule.name).map(|it| linted.line_of(it)).collect();
        let marks = case.example.marks(rule.name);
        for stray in case.example.marks_of_other_rules(rule.name) {
            faults.push(format!("{place}: the mark of another rule has no effect here: {stray}"));
        }
        if case.is_marked {
            for mark in marks.difference(&found) {
                faults.push(format!(
                    "{place}: nothing is reported on the marked line {mark:?}: {}",
                    case.example.line(mark)
                ));
            }
            for line in found.difference(&marks) {
                faults.push(format!("{place}: line {line:?} is reported, but not marked: {}", case.example.line(line)));
            }
        }
        let transcript = linted.transcript(rule.name);
        if transcript == case.expected {
            continue;
        }
        if env::var_os("UPDATE").is_some() {
            updated = with_expected(&updated, case.name, &transcript);
        } else {
            faults.push(format!("{place}: expected\n{}but found\n{transcript}", case.expected));
        }
    }
    if updated != text {
        fs::write(path(rule), updated).expect("the file can be written");
    }
    faults
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn path(rule: &Rule) -> PathBuf {
    directory().join(format!("{}.md", rule.name))
}

fn text_of(rule: &Rule) -> String {
    fs::read_to_string(path(rule)).unwrap_or_default()
}

fn parse(text: &str) -> Vec<Case<'_>> {
    let cases: Vec<Case<'_>> = text.split("\n## ").skip(1).map(parse_case).collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same heading: {names:?}");
    cases
}

fn parse_case(section: &str) -> Case<'_> {
    let name = section.lines().next().unwrap_or_default();
    for info in ["yaml", "yaml unmarked", "yaml config", "text"] {
        let fence = format!("```{info}");
        let count = section.lines().filter(|line| *line == fence).count();
        assert!(count <= 1, "the case {name:?} has several blocks {fence}; only the first would count");
    }
    let unmarked = block(section, "yaml unmarked");
    let manifests = unmarked.or_else(|| block(section, "yaml"));
    let mut example = Example::new(manifests.unwrap_or_else(|| panic!("the case {name:?} has no manifests")));
    if let Some(config) = block(section, "yaml config") {
        example = example.with_config(config);
    }
    Case { name, example, is_marked: unmarked.is_none(), expected: block(section, "text").unwrap_or_default() }
}

/// The text of the first block with an info string, including the final line break.
fn block<'t>(text: &'t str, info: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("\n```{info}\n"))?;
    let end = if rest.starts_with("```") { 0 } else { rest.find("\n```")? + 1 };
    Some(&rest[..end])
}

/// The text of a file of cases, with a new `text` block in one case.
fn with_expected(text: &str, name: &str, expected: &str) -> String {
    let heading = format!("\n## {name}\n");
    let start = text.find(&heading).expect("the case is there") + heading.len();
    let end = text[start..].find("\n## ").map_or(text.len(), |at| start + at);
    let case = &text[start..end];
    let without = match case.split_once("\n```text\n") {
        Some((before, rest)) => {
            let rest = rest.split_once("```").map_or("", |(_, rest)| rest.trim_start_matches('\n'));
            format!("{}{rest}", before.trim_end())
        }
        None => case.trim_end().to_owned(),
    };
    let block = if expected.is_empty() { String::new() } else { format!("\n\n```text\n{expected}```") };
    format!("{}{without}{block}\n{}", &text[..start], &text[end..])
}
