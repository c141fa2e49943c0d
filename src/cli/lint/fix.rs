//! `--fix` and `--diff`.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::Lint;
use super::changes::ChangedFiles;
use super::output::Output;
use crate::cli::args::{Common, InventoryArg};
use crate::cli::files;
use crate::cli::project::Project;
use crate::cli::terminal::{self, Tone};
use crate::lint::{self, Choices, Fix, Report, changed_texts};
use crate::load::STDIN;
use crate::report;
use crate::source::FileId;

/// A fix can make way for another one. More rounds than this do not end.
const MOST_ROUNDS: usize = 8;
/// The most times that the manifests are checked again to find the fixes that bring other findings.
const MOST_TRIALS: usize = 60;

/// Options for fixes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub struct FixArgs {
    /// Carry out the helps that leave no choice, and report what remains
    #[arg(long, conflicts_with_all = ["write_baseline", "statistics"])]
    pub fix: bool,
    /// With --fix or --diff: also carry out helps that are guesses ("did you mean")
    #[arg(long)]
    pub unsafe_fixes: bool,
    /// Print the changes of --fix as a patch, and change nothing. The exit status is 1 if there are any
    #[arg(long, conflicts_with_all = ["fix", "write_baseline", "statistics"])]
    pub diff: bool,
}

/// The new texts of files, by the paths that output shows.
pub type Changed = BTreeMap<String, String>;

/// The changes that fixes make.
pub struct Fixed {
    /// The new texts.
    pub changed: Changed,
    /// The number of fixes that were carried out.
    pub count: usize,
    /// The number of fixes that are left out, because they would bring other findings.
    pub refused: usize,
    /// Whether all files could be written.
    pub is_written: bool,
}

/// A run of `mesh lint` that can be repeated with other texts.
pub struct Linter<'l> {
    pub common: &'l Common,
    pub args: &'l Lint,
    /// The files to fix; `None` for all.
    pub changed: Option<&'l ChangedFiles>,
}

impl Linter<'_> {
    /// Reads the manifests, with new texts of some files.
    pub fn project(&self, changed: &Changed) -> Result<Project, String> {
        let args = self.args;
        Project::open_changed(self.common, (&args.paths, &args.selection.exclude), &args.input, changed)
    }

    /// Checks the manifests, and hands out the report of all findings, or of those that the options select.
    fn check<T>(&self, project: &Project, of: &Choices, then: impl FnOnce(Report) -> T) -> Result<T, String> {
        let (reporting, _) = project.reporting(&self.args.paths)?;
        // The configuration is not among the manifests.
        let reporting = reporting.without_mistakes().choose(of)?;
        let worlds = project.worlds(self.args.inventory.map(InventoryArg::mode));
        Ok(then(lint::run_meshes(&worlds, &reporting)))
    }

    /// Finds what the fixes change, until nothing is left to fix. Fixes that bring other findings are left out.
    pub fn fix(&self) -> Result<Fixed, String> {
        let mut fixed = Fixed { changed: Changed::new(), count: 0, refused: 0, is_written: true };
        let mut trials = 0;
        for _ in 0..MOST_ROUNDS {
            let project = self.project(&fixed.changed)?;
            let sources = &project.manifests.sources;
            let is_changed =
                |file: FileId| self.changed.is_none_or(|changed| changed.touch(&project, sources.file(file).path()));
            let is_meant = |file: FileId| is_own(&project, file) && is_changed(file);
            let choices = self.args.selection.choices();
            let fixes =
                self.check(&project, &choices, |report| report.fixes(sources, self.args.fixes.unsafe_fixes, is_meant))?;
            // Fixes of some findings must not bring others, whatever is selected.
            let everything = Choices::default();
            let before = self.check(&project, &everything, |report| report)?;
            let mut refused = 0;
            let mut accepted: Vec<Fix> = Vec::new();
            let mut open = vec![fixes];
            while let Some(some) = open.pop().filter(|some| !some.is_empty()) {
                let tried = [&accepted[..], &some[..]].concat();
                let changed = with(&fixed.changed, &tried, &project);
                trials += 1;
                let is_good = trials <= MOST_TRIALS && {
                    let after = self.project(&changed)?;
                    let is_parsed = !after.failed() || project.failed();
                    is_parsed
                        && self.check(&after, &everything, |after| !after.tally().has_more_than(&before.tally()))?
                };
                match (is_good, some.len()) {
                    (true, _) => accepted = tried,
                    (false, 1) => refused += 1,
                    (false, _) if trials > MOST_TRIALS => refused += some.len(),
                    (false, length) => {
                        let (first, second) = some.split_at(length / 2);
                        open.extend([second.to_vec(), first.to_vec()]);
                    }
                }
            }
            fixed.refused = refused;
            if accepted.is_empty() {
                break;
            }
            fixed.count += accepted.len();
            fixed.changed = with(&fixed.changed, &accepted, &project);
        }
        Ok(fixed)
    }
}

/// The texts after some more fixes.
fn with(changed: &Changed, fixes: &[Fix], project: &Project) -> Changed {
    let sources = &project.manifests.sources;
    let texts = changed_texts(fixes, sources).into_iter();
    let mut all = changed.clone();
    all.extend(texts.map(|(file, text)| (sources.file(file).path().to_owned(), text)));
    all
}

/// Whether a file is one that the user gave: neither rendered, nor standard input, nor named by a kustomization elsewhere.
fn is_own(project: &Project, file: FileId) -> bool {
    let path = project.manifests.sources.file(file).path();
    path != STDIN && !project.manifests.is_outside(file) && Path::new(path).is_file()
}

impl Fixed {
    /// Writes the new texts. Files that cannot be written are reported, and the others are written all the same.
    pub fn write(&mut self, common: &Common) {
        let before = self.changed.len();
        self.changed.retain(|path, text| match files::replace(Path::new(path), text.as_bytes()) {
            Ok(()) => true,
            Err(error) => {
                terminal::say(common, Tone::Error, &format!("cannot write `{path}`: {error}"));
                false
            }
        });
        self.is_written = self.changed.len() == before;
    }

    /// Prints the changes as a patch.
    pub fn print(&self, common: &Common, project: &Project) -> Result<(), String> {
        let sources = &project.manifests.sources;
        let old: BTreeMap<&str, &str> = sources
            .iter()
            .map(|(_, file)| (file.path(), file.text()))
            .filter(|(path, _)| self.changed.contains_key(*path))
            .collect();
        let new: BTreeMap<&str, &str> =
            self.changed.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        terminal::write(|out| report::text::patch(&old, &new, &terminal::style(common), out))
    }

    /// Says how many findings were fixed, above the text for people.
    pub fn say(&self, common: &Common, outputs: &[Output]) -> Result<(), String> {
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        if self.refused > 0 {
            let message = match self.refused {
                1 => "a fix would bring other findings, and was left out".to_owned(),
                number => format!("{number} fixes would bring other findings, and were left out"),
            };
            terminal::say(common, Tone::Warning, &message);
        }
        if !outputs.iter().any(Output::is_text) {
            return Ok(());
        }
        let words = match self.changed.len() {
            0 => "nothing to fix".to_owned(),
            files => format!("fixed {} in {}", count(self.count, "finding"), count(files, "file")),
        };
        terminal::write(|out| writeln!(out, "{words}\n"))
    }
}
