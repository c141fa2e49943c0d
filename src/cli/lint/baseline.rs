//! `--baseline` and `--write-baseline`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::args::Common;
use crate::cli::files;
use crate::cli::project::Project;
use crate::cli::terminal::{self, Tone};
use crate::config::BASELINE_NAME;
use crate::lint::{Baseline, KnownFinding, Report};
use crate::source::Sources;

/// The most entries that are listed.
const MOST: usize = 5;

/// Options for baselines.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Baseline")]
pub struct BaselineArgs {
    /// Report only findings that this file does not list [default: `baseline` of the configuration]
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all findings to the baseline [default: .mesh-baseline.json], and succeed
    #[arg(long, conflicts_with_all = ["select", "ignore", "min_severity", "only_changed"])]
    pub write_baseline: bool,
}

impl BaselineArgs {
    /// The file, if a baseline is used.
    fn file(&self, project: &Project) -> Option<PathBuf> {
        self.baseline.clone().or_else(|| project.baseline_file())
    }

    /// Takes the known findings out of a report. Reports on standard error which ones no longer occur, if all meshes were
    /// checked.
    pub fn apply(
        &self,
        common: &Common,
        (project, sources): (&Project, &Sources),
        report: &mut Report,
        is_all: bool,
    ) -> Result<(), String> {
        let Some(file) = self.file(project) else { return Ok(()) };
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let file = file.display();
            format!(
                "cannot read the baseline `{file}`: {error} (`--write-baseline` with `--baseline {file}` writes it)"
            )
        })?;
        let baseline = parse(&file, &text)?;
        let gone = baseline.apply(report, sources);
        let places = Places::of(project, sources, &file);
        let gone: Vec<&KnownFinding> = gone.into_iter().filter(|it| is_all && places.is_covered(it)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let number = if gone.len() == 1 { "a finding that no longer occurs" } else { "findings that no longer occur" };
        let remedy = "`mesh lint --write-baseline` removes what no longer occurs";
        terminal::say(common, Tone::Warning, &format!("the baseline `{}` lists {number}; {remedy}", file.display()));
        for known in gone.iter().take(MOST) {
            let resource = if known.resource.is_empty() { "" } else { &format!(" of {}", known.resource) };
            terminal::say(common, Tone::Warning, &format!("{}: {}{resource}", known.file, known.rule));
        }
        if gone.len() > MOST {
            terminal::say(common, Tone::Warning, &format!("{} more entries no longer occur", gone.len() - MOST));
        }
        Ok(())
    }

    /// Writes the findings of a report. Entries of other files that exist stay.
    pub fn write(&self, (project, sources): (&Project, &Sources), report: &Report) -> Result<(), String> {
        let file = self.file(project).unwrap_or_else(|| PathBuf::from(BASELINE_NAME));
        let older = match std::fs::read_to_string(&file) {
            Ok(text) => parse(&file, &text)?,
            Err(_) => Baseline::default(),
        };
        let places = Places::of(project, sources, &file);
        let baseline = Baseline::of(report, sources, |path| places.relative(path));
        let baseline = baseline.keeping(&older, |known| !places.is_covered(known));
        files::replace(&file, baseline.to_text().as_bytes())
            .map_err(|error| format!("cannot write the baseline `{}`: {error}", file.display()))?;
        let number = baseline.findings.len();
        let noun = if number == 1 { "finding" } else { "findings" };
        terminal::write(|out| writeln!(out, "wrote {number} {noun} to `{}`", file.display()))
    }
}

fn parse(file: &Path, text: &str) -> Result<Baseline, String> {
    Baseline::parse(text).map_err(|error| format!("`{}` is not a baseline: {error}", file.display()))
}

/// The files of a run, as a baseline names them.
struct Places<'p> {
    project: &'p Project,
    directory: PathBuf,
    read: BTreeSet<String>,
}

impl<'p> Places<'p> {
    fn of(project: &'p Project, sources: &Sources, file: &Path) -> Self {
        let directory = project.directory_of(file);
        let mut places = Self { project, directory, read: BTreeSet::new() };
        let read = sources.iter().map(|(_, file)| places.relative(file.path())).collect();
        places.read = read;
        places
    }

    /// The path of a file relative to the baseline; as it is shown if it is elsewhere.
    fn relative(&self, shown: &str) -> String {
        self.project.relative_to(&self.directory, shown).unwrap_or_else(|| shown.to_owned())
    }

    /// Whether a run would have found a known finding again: it read the file, or the file does not exist any more.
    fn is_covered(&self, known: &KnownFinding) -> bool {
        self.read.contains(&known.file) || !self.directory.join(&known.file).exists()
    }
}
