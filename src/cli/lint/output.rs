//! `--output` and `--format`.

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;

use super::args::Lint;
use crate::cli::args::{Common, Threshold};
use crate::cli::output;
use crate::cli::project::Project;
use crate::cli::terminal;
use crate::lint::{Report, Severity};
use crate::report::ci::{self, Findings};
use crate::report::text::View;
use crate::report::{self, Style};
use crate::source::Sources;

/// Options for the output.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Output format
    #[arg(long, value_name = "FORMAT")]
    format: Option<LintFormat>,
    /// Output format, and the file to write it to (repeatable) [default: text on standard output]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    output: Vec<Output>,
}

/// An output format of `mesh lint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// Text for people
    Text,
    /// Each finding on a line, with the path of the field
    Concise,
    /// JSON for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Code Quality of GitLab
    Gitlab,
    /// JUnit
    Junit,
    /// Markdown, for a comment on a pull request
    Markdown,
}

/// A format of `mesh lint`, and where it goes.
pub type Output = output::Output<LintFormat>;

impl Output {
    /// Whether it is the text for people on standard output.
    pub fn is_text(&self) -> bool {
        self.format == LintFormat::Text && self.file.is_none()
    }
}

impl OutputArgs {
    /// The outputs that the options ask for.
    ///
    /// # Errors
    ///
    /// If several of them go to standard output.
    pub fn all(&self) -> Result<Vec<Output>, String> {
        Output::all(self.format, &self.output, LintFormat::Text)
    }
}

/// A report, and how the options want to see it.
pub struct Outcome<'r> {
    pub common: &'r Common,
    pub args: &'r Lint,
    pub project: &'r Project,
    /// The files, with that of the configuration.
    pub sources: &'r Sources,
    pub report: &'r Report,
    /// The lowest severity that makes the exit status 1.
    pub fail_on: Severity,
}

impl Outcome<'_> {
    /// Writes one output.
    pub fn write(&self, output: &Output) -> Result<(), String> {
        let format = output.format;
        match &output.file {
            // Its lines are commands.
            None if format == LintFormat::Github => {
                terminal::write_commands(|out| self.write_to(format, &Style::default(), out))
            }
            _ => output.write(self.common, |style, out| self.write_to(format, style, out)),
        }
    }

    fn write_to(&self, format: LintFormat, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let Self { args, project, sources, report, fail_on, .. } = *self;
        let meshes = project.selected().filter(|mesh| !mesh.snapshot.resources.is_empty()).count();
        let lowest = args.show.map(Threshold::severity);
        let view = View { lowest, meshes: Some(meshes).filter(|it| *it > 1) };
        let directory = repository_directory();
        let findings = Findings { report, sources, directory: &directory, fail_on };
        match format {
            // The messages on standard error say everything. Totals would look like success.
            LintFormat::Text if project.manifests.sources.is_empty() && report.diagnostics.is_empty() => Ok(()),
            LintFormat::Text if args.statistics => report::text::statistics(report, &view, style, out),
            LintFormat::Text if args.quiet => report::text::lines(report, sources, &view, style, out),
            LintFormat::Text => report::text::lint(report, sources, &view, style, out),
            LintFormat::Concise => report::text::concise(report, sources, &view, style, out),
            LintFormat::Json if args.statistics => report::json::statistics(report, out),
            LintFormat::Json => report::json::lint(report, &project.selected().collect::<Vec<_>>(), sources, out),
            LintFormat::Sarif => ci::sarif(&findings, out),
            LintFormat::Github => ci::github(&findings, out),
            LintFormat::Gitlab => ci::gitlab(&findings, out),
            LintFormat::Junit => ci::junit(&findings, out),
            LintFormat::Markdown => report::markdown::lint(report, sources, out),
        }
    }
}

/// The working directory, relative to the root of its git repository. Empty outside of one.
fn repository_directory() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|directory| directory.join(".git").exists());
    let inside = root.and_then(|root| here.strip_prefix(root).ok()).unwrap_or(Path::new(""));
    inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
