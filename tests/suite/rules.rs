//! Every rule has a page in `docs/rules`, and the page is true: its header says what the code says, its first example
//! is found on the marked lines, and its second one is clean.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mesh::config::Config;
use mesh::lint::{self, Diagnostic, Rule, rules};
use mesh::load::Snapshot;
use mesh::world::{Settings, World};

/// The sections of a page, in order. `true`: every page has it; the last one those of rules with upstream codes.
const SECTIONS: [(&str, bool); 6] = [
    ("What it checks", true),
    ("Why it matters", true),
    ("Example", true),
    ("Use instead", true),
    ("What it needs", true),
    ("Upstream", false),
];

/// The file of an example until a line `# file: NAME.yaml` names another one.
const EXAMPLE_FILE: &str = "example.yaml";

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
fn pages_start_with_what_the_code_says() {
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
        let example = Example::of_page(rule, "bad");
        let marks = example.marks(rule);
        if marks.is_empty() {
            faults.add(rule, format!("the bad example marks no line with `# <- {}`", rule.name));
        }
        let findings = example.lint();
        let (own, others): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|it| it.rule == rule.name);
        let found: BTreeSet<(String, usize)> = own.iter().map(|it| (it.file.clone(), it.line)).collect();
        for (file, line) in marks.difference(&found) {
            faults
                .add(rule, format!("nothing is found on the marked line {file}:{line}: {}", example.line(file, *line)));
        }
        for it in own.iter().filter(|it| !marks.contains(&(it.file.clone(), it.line))) {
            faults.add(rule, format!("mark this line of the bad example, or mend it: {it}"));
        }
        for it in others {
            faults.add(rule, format!("the bad example must be clean for other rules: {it}"));
        }
    }
    faults.check();
}

#[test]
fn good_examples_are_clean() {
    let mut faults = Faults::default();
    for rule in all() {
        let example = Example::of_page(rule, "good");
        for it in example.lint() {
            faults.add(rule, format!("the good example must be clean: {it}"));
        }
        if example.files.values().any(|text| text.contains("# <-")) {
            faults.add(rule, "the good example has a marked line".to_owned());
        }
    }
    faults.check();
}

#[test]
fn messages_are_short_lower_case_lines() {
    let mut faults = Faults::default();
    for rule in all() {
        for summary in rule.findings.iter().map(|it| it.summary).chain([rule.summary]) {
            if let Some(fault) = fault_of_style(summary) {
                faults.add(rule, format!("a summary {fault}: {summary:?}"));
            }
        }
        for (what, text) in Example::of_page(rule, "bad").texts() {
            if let Some(fault) = fault_of_style(&text) {
                faults.add(rule, format!("a {what} {fault}: {text:?}"));
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
        assert!(found == expected, "README.md counts the rules wrongly; run `UPDATE=1 cargo test rules` and commit it");
    }
}

/// What a delegating rule takes is up to its delegate.
#[test]
fn routes_behind_a_delegating_rule_are_reachable() {
    let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\nspec:\n  hosts: [shop.example.com]\n  \
                gateways: [shop]\n  http:\n  - delegate:\n      name: cart\n  - route:\n    - destination:\n        host: frontend\n";
    let example = Example { files: BTreeMap::from([(EXAMPLE_FILE.to_owned(), text.to_owned())]) };
    let findings: Vec<String> = example.lint().iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{findings:#?}");
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

/// The lines that a page starts with: what the rule finds and, if it has several findings, a table of them.
fn header(rule: &Rule) -> String {
    let codes = |aliases: &[&str]| aliases.join(", ");
    let aliases = if rule.aliases().is_empty() { "no upstream code".to_owned() } else { codes(&rule.aliases()) };
    let mut header = format!("# {}\n\n{} · {aliases}\n\n", rule.name, rule.severity().as_str());
    writeln!(header, "{}.\n", sentence(rule.summary)).expect("it is a string");
    if rule.findings.len() > 1 {
        header.push_str("| Finding | Severity | Upstream |\n| --- | --- | --- |\n");
        for finding in rule.findings {
            let severity = finding.severity().as_str();
            writeln!(header, "| {} | {severity} | {} |", finding.summary, codes(finding.aliases))
                .expect("it is a string");
        }
        header.push('\n');
    }
    header
}

/// A line with a capital letter at its start, unless it starts with a name.
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

/// What a message, a label or an advice has against the style of all of them.
fn fault_of_style(text: &str) -> Option<&'static str> {
    let first = text.split_whitespace().next().unwrap_or_default();
    // Names, kinds and codes keep their spelling: `VirtualService`, `YAML`, `UTF-8`, `x-beta`, `IST0101`.
    let is_plain_word = first.trim_end_matches([',', ':', ';']).chars().all(char::is_alphabetic);
    let capitals = first.chars().filter(|letter| letter.is_uppercase()).count();
    let starts_upper = first.starts_with(char::is_uppercase);
    if text.trim().is_empty() || text.trim() != text {
        Some("is empty, or has blanks around it")
    } else if text.contains(['\n', '\r']) {
        Some("has several lines")
    } else if text.ends_with('.') {
        Some("ends with a period")
    } else if starts_upper && is_plain_word && capitals == 1 && !is_kind(first) {
        Some("starts with a capital letter")
    } else {
        None
    }
}

/// Kinds of resources and products whose names look like an ordinary word.
fn is_kind(word: &str) -> bool {
    ["Gateway", "Service", "Deployment", "Sidecar", "Namespace", "Pod", "Job", "Istio", "Kubernetes", "Helm", "Envoy"]
        .contains(&word.trim_end_matches([',', ':', ';']))
}

/// The YAML of a block of a page, by file.
struct Example {
    files: BTreeMap<String, String>,
}

/// Where a rule found something.
struct Finding {
    rule: &'static str,
    file: String,
    line: usize,
    text: String,
    message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}:{}: {}\n      in the line: {}", self.rule, self.file, self.line, self.message, self.text)
    }
}

impl Example {
    fn of_page(rule: &Rule, word: &str) -> Self {
        let fence = format!("\n```yaml {word}\n");
        let block = rule.page.split_once(&fence).and_then(|(_, rest)| rest.split_once("\n```\n"));
        let Some((block, _)) = block else { panic!("docs/rules/{}.md has no block `yaml {word}`", rule.name) };
        let mut files = BTreeMap::new();
        let mut file = EXAMPLE_FILE.to_owned();
        for line in block.lines() {
            match line.strip_prefix("# file: ") {
                Some(name) => file = name.trim().to_owned(),
                None => files.entry(file.clone()).or_insert_with(String::new).extend([line, "\n"]),
            }
        }
        Self { files }
    }

    /// The lines marked for a rule, by file.
    fn marks(&self, rule: &Rule) -> BTreeSet<(String, usize)> {
        let mark = format!("# <- {}", rule.name);
        let lines = self.files.iter().flat_map(|(file, text)| text.lines().enumerate().map(move |line| (file, line)));
        let marked = lines.filter(|(_, (_, line))| line.ends_with(&mark));
        marked.map(|(file, (index, _))| (file.clone(), index + 1)).collect()
    }

    fn line(&self, file: &str, line: usize) -> &str {
        self.files.get(file).and_then(|text| text.lines().nth(line - 1)).unwrap_or_default().trim()
    }

    fn lint(&self) -> Vec<Finding> {
        self.report(|snapshot, diagnostics| diagnostics.iter().map(|it| self.finding(snapshot, it)).collect())
    }

    fn finding(&self, snapshot: &Snapshot, diagnostic: &Diagnostic) -> Finding {
        let file = snapshot.sources.file(diagnostic.span.file).path().to_owned();
        let line = snapshot.sources.start(diagnostic.span).line;
        let text = self.line(&file, line).to_owned();
        Finding { rule: diagnostic.rule.name, file, line, text, message: diagnostic.message.clone() }
    }

    /// All that the findings say, each with what it is.
    fn texts(&self) -> Vec<(&'static str, String)> {
        self.report(|_, diagnostics| {
            let mut texts = Vec::new();
            for it in diagnostics {
                texts.push(("message", it.message.clone()));
                texts.extend(it.label.iter().map(|label| ("label", label.clone())));
                texts.extend(it.help.iter().map(|help| ("help", help.clone())));
                texts.extend(it.related.iter().map(|related| ("related message", related.message.clone())));
            }
            texts
        })
    }

    /// Lints with all rules and the default configuration.
    fn report<T>(&self, see: impl FnOnce(&Snapshot, &[Diagnostic]) -> T) -> T {
        let snapshot = Snapshot::of_texts(self.files.iter().map(|(file, text)| (file.as_str(), text.as_str())));
        let settings = Settings::new(&Config::default(), &snapshot);
        let world = World::new(&snapshot, settings);
        see(&snapshot, &lint::run(&world).diagnostics)
    }
}

/// What is wrong with the pages, told all at once.
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
