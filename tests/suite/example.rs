//! Manifests in Markdown, with marks on the lines on which a rule must report: the format of examples in rule pages and of
//! cases in `tests/rules`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use mesh::advice::{self, TextEdit};
use mesh::config::{Config, ConfigText, Date, FILE_NAMES};
use mesh::layout;
use mesh::lint::{self, Circumstances, Diagnostic, Report, Reporting};
use mesh::load::{Manifests, Snapshot};
use mesh::source::{Sources, Span};
use mesh::validate::{Violation, validate};
use mesh::world::{self, Settings};

/// The name of the file, until a line `# file: NAME.yaml` starts another one.
const DEFAULT_FILE: &str = "example.yaml";

/// The day on which examples are linted.
const TODAY: &str = "2026-07-01";

/// The manifests of an example, by file. A file `.mesh.yaml` is the configuration.
#[derive(Debug, Clone, Default)]
pub struct Example {
    files: BTreeMap<String, String>,
    config: Config,
}

/// The result of linting an example.
pub struct Linted {
    sources: Arc<Sources>,
    report: Report,
}

impl Example {
    /// The manifests of a code block.
    pub fn new(block: &str) -> Self {
        let mut example = Self::default();
        let mut file = DEFAULT_FILE.to_owned();
        for line in block.lines() {
            match line.strip_prefix("# file: ") {
                Some(name) => file = name.trim().to_owned(),
                None => example.files.entry(file.clone()).or_default().extend([&*repeated(line), "\n"]),
            }
        }
        example
    }

    /// The manifests of some files.
    pub fn of_files(files: BTreeMap<String, String>) -> Self {
        Self { files, ..Self::default() }
    }

    /// The manifests after some edits, which are sorted by place.
    pub fn after(&self, edits: &[TextEdit], linted: &Linted) -> Self {
        let mut changed = self.clone();
        for of_file in edits.chunk_by(|a, b| a.span.file == b.span.file) {
            let file = linted.sources.file(of_file[0].span.file);
            let text = advice::apply(file.text(), of_file).expect("the edits do not overlap");
            changed.files.insert(file.path().to_owned(), text);
        }
        changed
    }

    /// Sets the text of the configuration file.
    pub fn with_config(mut self, text: &str) -> Self {
        self.config = Config::parse(text).expect("the configuration is valid");
        self
    }

    /// The lines that are marked for a rule with `# <- rule-name`, by file.
    pub fn marks(&self, rule: &str) -> BTreeSet<(String, usize)> {
        let mark = format!("# <- {rule}");
        let lines = self.files.iter().flat_map(|(file, text)| text.lines().enumerate().map(move |line| (file, line)));
        let marked = lines.filter(|(_, (_, line))| line.ends_with(&mark));
        marked.map(|(file, (index, _))| (file.clone(), index + 1)).collect()
    }

    /// The lines that are marked, but not for a rule.
    pub fn marks_of_other_rules(&self, rule: &str) -> Vec<&str> {
        let mark = format!("# <- {rule}");
        let lines = self.files.values().flat_map(|text| text.lines());
        lines.filter(|line| line.contains("# <- ") && !line.ends_with(&mark)).collect()
    }

    /// Whether any line is marked.
    pub fn has_marks(&self) -> bool {
        self.files.values().any(|text| text.contains("# <-"))
    }

    /// The text of a line.
    pub fn line(&self, (file, line): &(String, usize)) -> &str {
        self.files.get(file).and_then(|text| text.lines().nth(line - 1)).unwrap_or_default().trim()
    }

    /// The text of a file.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// Runs all rules on each mesh.
    pub fn lint(&self) -> Linted {
        let is_manifest = |file: &&String| !FILE_NAMES.contains(&file.as_str());
        let files = self.files.iter().filter(|(file, _)| is_manifest(file));
        let manifests = Manifests::of_texts(files.map(|(file, text)| (file.as_str(), text.as_str())));
        let meshes = layout::find(&manifests, &[]);
        let all: Vec<usize> = (0..meshes.len()).collect();
        let mut sources = Sources::clone(&manifests.sources);
        let (config, reporting) = match self.configuration() {
            Some(text) => {
                let file = text.parse(sources.add(&text.shown, &text.text)).expect("the configuration is YAML");
                let circumstances = Circumstances {
                    relative: &|shown| Some(shown.to_owned()),
                    today: Date::parse(TODAY).expect("it is a day"),
                    is_whole: true,
                };
                let config = file.config.clone();
                (config, Reporting::of(file, &manifests.sources, &circumstances))
            }
            None => (self.config.clone(), Reporting::default()),
        };
        let report = lint::run_meshes(&world::resolve(&meshes, &all, &config, None), &reporting);
        Linted { sources: Arc::new(sources), report }
    }

    /// The configuration among the files.
    fn configuration(&self) -> Option<ConfigText> {
        let file = FILE_NAMES.into_iter().find(|name| self.files.contains_key(*name))?;
        let directory = tempfile::tempdir().expect("a directory can be made");
        for (name, text) in &self.files {
            if FILE_NAMES.contains(&name.as_str()) {
                std::fs::write(directory.path().join(name), text).expect("the file can be written");
            }
        }
        Some(ConfigText::read(&directory.path().join(file), file).expect("the file can be read"))
    }

    /// The violations of all resources, whether or not a rule reports them.
    pub fn violations(&self) -> Vec<Violation> {
        let snapshot = Snapshot::of_texts(self.files.iter().map(|(file, text)| (file.as_str(), text.as_str())));
        let settings = Settings::new(&self.config, &snapshot);
        snapshot.resources().flat_map(|resource| validate(resource, &settings)).collect()
    }
}

/// A line in which `REPEAT(text, number)` is replaced by so many times the text, for values that are too long to write.
fn repeated(line: &str) -> Cow<'_, str> {
    const OPEN: &str = "REPEAT(";
    let Some((before, rest)) = line.split_once(OPEN) else { return line.into() };
    let (arguments, after) = rest.split_once(')').expect("REPEAT is closed");
    let (text, number) = arguments.split_once(", ").expect("REPEAT has two arguments");
    let number = number.parse().expect("the second argument of REPEAT is a number");
    format!("{before}{}{}", text.repeat(number), repeated(after)).into()
}

impl Linted {
    /// The files.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All findings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.report.diagnostics
    }

    /// The findings of a rule.
    pub fn of_rule(&self, rule: &str) -> impl Iterator<Item = &Diagnostic> {
        self.report.diagnostics.iter().filter(move |it| it.rule.name == rule)
    }

    /// The file and line where a finding is.
    pub fn line_of(&self, diagnostic: &Diagnostic) -> (String, usize) {
        self.place(diagnostic.span)
    }

    /// The complete output of a rule, in the format of the `text` blocks of cases. Places name their file only if it is
    /// not the default one.
    pub fn transcript(&self, rule: &str) -> String {
        let mut text = String::new();
        for it in self.of_rule(rule) {
            let head = format!("{}[{}] {}", it.severity.as_str(), it.finding.name, self.shown(it.span));
            writeln!(text, "{head}: {}", it.message).expect("it is a string");
            let parts = it.label.iter().map(|label| format!("  label: {label}"));
            let related = it.related.iter().map(|it| format!("  related {}: {}", self.shown(it.span), it.message));
            let help = it.help.iter().map(|help| format!("  help: {help}"));
            for line in parts.chain(related).chain(help) {
                writeln!(text, "{line}").expect("it is a string");
            }
        }
        for it in self.report.unchecked.iter().filter(|it| it.rule == rule) {
            writeln!(text, "unchecked ({}): {}", it.count, it.reason).expect("it is a string");
        }
        text
    }

    fn place(&self, span: Span) -> (String, usize) {
        let file = self.sources.file(span.file).path().to_owned();
        (file, self.sources.start(span).line)
    }

    fn shown(&self, span: Span) -> String {
        match self.place(span) {
            (file, line) if file == DEFAULT_FILE => line.to_string(),
            (file, line) => format!("{file}:{line}"),
        }
    }
}
