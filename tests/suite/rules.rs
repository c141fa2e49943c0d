//! Every rule has a page in `docs/rules`, which agrees with the code: the header is that of the rule, the bad example has
//! findings on the marked lines only, and the good example has none.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mesh::lint::{Diagnostic, Rule, rules, style};

use crate::example::{Example, Linted};

/// The sections of a page, in order, and whether every page has them. Rules with upstream codes have the last one.
const SECTIONS: [(&str, bool); 6] = [
    ("What it checks", true),
    ("Why it matters", true),
    ("Example", true),
    ("Use instead", true),
    ("What it needs", true),
    ("Upstream", false),
];

#[test]
fn names_and_aliases_are_well_formed() {
    let mut names = BTreeSet::new();
    for rule in all() {
        assert!(names.insert(rule.name), "two rules are named {}", rule.name);
        assert!(is_kebab_case(rule.name), "rule name {:?} is not kebab-case", rule.name);
        let findings: BTreeSet<&str> = rule.findings.iter().map(|finding| finding.name).collect();
        assert_eq!(findings.len(), rule.findings.len(), "two findings of {} have one name", rule.name);
        assert!(findings.into_iter().all(is_kebab_case), "a finding of {} is not in kebab-case", rule.name);
        for alias in rule.aliases() {
            let is_known = is_upstream_code(alias) || is_kebab_case(alias);
            assert!(is_known, "alias {alias:?} of {} is neither a code nor a former name", rule.name);
        }
    }
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let of_rules: BTreeSet<String> = all().map(|rule| format!("{}.md", rule.name)).collect();
    let files = fs::read_dir(pages()).expect("docs/rules is a directory");
    let names = files.map(|file| file.expect("it can be listed").file_name().into_string().expect("it is UTF-8"));
    let of_pages: BTreeSet<String> = names.filter(|name| name != "README.md").collect();
    assert_eq!(of_pages, of_rules, "left: files in docs/rules; right: the rules of src/lint/rules/mod.rs");
}

#[test]
fn pages_start_with_the_header_of_the_rule() {
    let mut faults = Faults::default();
    for rule in all() {
        let (header, rest) = (header(rule), rule.page.find("## What it checks").map(|at| &rule.page[at..]));
        let expected = format!("{header}{}", rest.unwrap_or_default());
        if rule.page != expected {
            if env::var_os("UPDATE").is_some() {
                fs::write(pages().join(format!("{}.md", rule.name)), &expected).expect("the page can be written");
            } else {
                let how = "run `UPDATE=1 cargo test rules` to write it";
                faults.add(rule, format!("the page must start with this; {how}\n{}", quote(&header)));
            }
        }
    }
    faults.check();
}

#[test]
fn pages_have_their_sections_in_order() {
    let mut faults = Faults::default();
    for rule in all() {
        let found = headings(rule.page);
        let expected: Vec<&str> = SECTIONS
            .iter()
            .filter(|(name, required)| *required || found.contains(name) || !rule.aliases().is_empty())
            .map(|(name, _)| *name)
            .collect();
        if found != expected {
            faults.add(rule, format!("the sections are {found:?}, but should be {expected:?}"));
        }
        for (fence, section) in [("```yaml bad", "Example"), ("```yaml good", "Use instead")] {
            let count = rule.page.lines().filter(|line| *line == fence).count();
            let in_section = section_of(rule.page, section).lines().filter(|line| *line == fence).count();
            if (count, in_section) != (1, 1) {
                faults.add(rule, format!("section {section:?} must have the page's one block {fence:?}"));
            }
        }
        if rule.page.lines().any(|line| line.ends_with(' '))
            || !rule.page.ends_with('\n')
            || rule.page.ends_with("\n\n")
        {
            faults.add(rule, "a line ends with a space, or the page does not end with one line break".to_owned());
        }
    }
    faults.check();
}

#[test]
fn bad_examples_are_found_where_they_are_marked() {
    let mut faults = Faults::default();
    for rule in all() {
        let example = example(rule, "bad");
        let marks = example.marks(rule.name);
        if marks.is_empty() {
            faults.add(rule, format!("the bad example marks no line with `# <- {}`", rule.name));
        }
        let linted = example.lint();
        let found: BTreeSet<(String, usize)> = linted.of_rule(rule.name).map(|it| linted.line_of(it)).collect();
        for mark in marks.difference(&found) {
            faults.add(rule, format!("nothing is found on the marked line {mark:?}: {}", example.line(mark)));
        }
        for it in linted.diagnostics() {
            let text = shown(&example, &linted, it);
            if it.rule.name != rule.name {
                faults.add(rule, format!("the bad example must be clean for other rules: {text}"));
            } else if !marks.contains(&linted.line_of(it)) {
                faults.add(rule, format!("mark this line of the bad example, or mend it: {text}"));
            }
        }
    }
    faults.check();
}

#[test]
fn good_examples_are_clean() {
    let mut faults = Faults::default();
    for rule in all() {
        let example = example(rule, "good");
        let linted = example.lint();
        for it in linted.diagnostics() {
            faults.add(rule, format!("the good example must be clean: {}", shown(&example, &linted, it)));
        }
        if example.has_marks() {
            faults.add(rule, "the good example has a marked line".to_owned());
        }
    }
    faults.check();
}

#[test]
fn summaries_follow_the_message_style() {
    let mut faults = Faults::default();
    for rule in all() {
        for summary in rule.findings.iter().map(|it| it.summary).chain([rule.summary]) {
            if let Some(fault) = style::fault(summary) {
                faults.add(rule, format!("a summary {fault}: {summary:?}"));
            }
        }
    }
    faults.check();
}

#[test]
fn the_table_of_rules_is_up_to_date() {
    let path = pages().join("README.md");
    let expected = table();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &expected).expect("docs/rules/README.md can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/rules/README.md is out of date; run `UPDATE=1 cargo test rules` and commit it");
}

#[test]
fn the_readme_counts_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let found = fs::read_to_string(&path).expect("README.md can be read");
    let (before, rest) = found.split_once("<!-- rules -->").expect("README.md has the mark");
    let (_, after) = rest.split_once("<!-- /rules -->").expect("README.md has the closing mark");
    let expected = format!("{before}<!-- rules -->{}<!-- /rules -->{after}", rules::ALL.len());
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &expected).expect("README.md can be written");
    } else {
        assert!(
            found == expected,
            "the number of rules in README.md is out of date; run `UPDATE=1 cargo test rules` and commit it"
        );
    }
}

/// The table of all rules, by family.
fn table() -> String {
    let mut table = String::from(
        "# Rules\n\n\
         Every rule has a page with an example. `mesh explain <rule>` shows it, also for a code of `istioctl analyze` (IST) \
         or Kiali (KIA).\n\n\
         <!-- Written by `UPDATE=1 cargo test rules`. -->\n",
    );
    for family in rules::FAMILIES {
        let head = "| Rule | Severity | Upstream | What it finds |\n| --- | --- | --- | --- |";
        writeln!(table, "\n## {}\n\n{head}", family.about).expect("it is a string");
        for rule in family.rules {
            let (name, severity, aliases) = (rule.name, rule.severity().as_str(), rule.aliases().join(", "));
            writeln!(table, "| [{name}]({name}.md) | {severity} | {aliases} | {} |", rule.summary)
                .expect("it is a string");
        }
    }
    table
}

fn all() -> impl Iterator<Item = &'static Rule> {
    rules::ALL.iter().copied()
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules")
}

fn is_kebab_case(name: &str) -> bool {
    name.split('-').all(|word| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase()))
}

fn is_upstream_code(alias: &str) -> bool {
    let digits = alias.strip_prefix("IST").or_else(|| alias.strip_prefix("KIA"));
    digits.is_some_and(|digits| digits.len() == 4 && digits.chars().all(|digit| digit.is_ascii_digit()))
}

/// The first lines of a page: name, severity, codes and summary, and a table if the rule has several findings.
fn header(rule: &Rule) -> String {
    let codes = |aliases: &[&str]| aliases.join(", ");
    let aliases = if rule.aliases().is_empty() { "no upstream code".to_owned() } else { codes(&rule.aliases()) };
    let mut header = format!("# {}\n\n{} · {aliases}\n\n", rule.name, rule.severity().as_str());
    writeln!(header, "{}.\n", sentence(rule.summary)).expect("it is a string");
    if rule.findings.len() > 1 {
        header.push_str("| Finding | Severity | Upstream | Meaning |\n| --- | --- | --- | --- |\n");
        for finding in rule.findings {
            let severity = finding.severity().as_str();
            writeln!(header, "| `{}` | {severity} | {} | {} |", finding.name, codes(finding.aliases), finding.summary)
                .expect("it is a string");
        }
        header.push('\n');
    }
    header
}

/// A line with its first letter in upper case.
fn sentence(line: &str) -> String {
    let mut letters = line.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

fn headings(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

/// The text of a section, without its heading.
fn section_of<'p>(page: &'p str, name: &str) -> &'p str {
    let heading = format!("\n## {name}\n");
    let Some((_, rest)) = page.split_once(&heading) else { return "" };
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

/// The example of a page.
fn example(rule: &Rule, word: &str) -> Example {
    let fence = format!("\n```yaml {word}\n");
    let block = rule.page.split_once(&fence).and_then(|(_, rest)| rest.split_once("\n```\n"));
    let Some((block, _)) = block else { panic!("docs/rules/{}.md has no block `yaml {word}`", rule.name) };
    Example::new(block)
}

/// A finding, as faults show it.
fn shown(example: &Example, linted: &Linted, diagnostic: &Diagnostic) -> String {
    let line = linted.line_of(diagnostic);
    let (rule, message) = (diagnostic.rule.name, &diagnostic.message);
    format!("{rule} at {}:{}: {message}\n      in the line: {}", line.0, line.1, example.line(&line))
}

/// The faults of all pages, reported together.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, rule: &Rule, fault: String) {
        self.0.push(format!("docs/rules/{}.md: {fault}", rule.name));
    }

    fn check(self) {
        assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
    }
}

fn quote(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    | {line}")).collect::<Vec<_>>().join("\n")
}
