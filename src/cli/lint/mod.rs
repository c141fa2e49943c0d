//! `mesh lint`
//!
//! - `args`: its options. `output`, `selection` and `baseline` have groups of them.
//! - `changes`: the files that a git revision does not have in the same form.

pub mod args;
mod baseline;
mod changes;
mod fix;
mod output;
mod selection;

use super::args::{Common, InventoryArg, Threshold};
use super::exit;
use super::project::Project;
use super::terminal::{self, Tone};
use crate::lint::{self, Report, Severity};
use crate::report;
use args::Lint;
use changes::ChangedFiles;
use fix::{Fixed, Linter};
use output::Outcome;

/// Checks manifests and prints the findings.
pub fn run(common: &Common, args: &Lint) -> Result<u8, String> {
    let outputs = args.output.all()?;
    let changed = args.selection.only_changed.as_deref().map(ChangedFiles::since).transpose()?;
    let fixed = match args.fixes.fix || args.fixes.diff {
        true => Some(fix(common, args, changed.as_ref())?),
        false => None,
    };
    let stdin_and_exclude = (args.stdin_filename.as_deref(), args.selection.exclude.as_slice());
    let project = Project::open_to_lint(common, &args.paths, stdin_and_exclude, &args.input)?;
    let (reporting, sources) = project.reporting(&args.paths)?;
    let reporting = reporting.choose(&args.selection.choices())?;
    if args.verbose {
        let meshes: Vec<_> = project.selected().collect();
        terminal::tell(|out| report::text::reading(project.configuration(), &project.manifests, &meshes, out));
    }
    if let Some(reason) = &project.emptiness {
        say_emptiness(common, args, reason);
    }
    let worlds = project.worlds(args.inventory.map(InventoryArg::mode));
    let mut report = lint::run_meshes(&worlds, &reporting);
    if let Some(fixed) = fixed.as_ref().filter(|_| args.fixes.diff) {
        fixed.print(common, &project)?;
        return Ok(match fixed.changed.is_empty() {
            _ if project.failed() => exit::FAILED,
            true => exit::DONE,
            false => exit::FOUND,
        });
    }
    if args.baseline.write_baseline {
        if project.failed() {
            return Err("the baseline was not written, since some of the manifests could not be read".to_owned());
        }
        args.baseline.write((&project, &sources), &report)?;
        return Ok(exit::DONE);
    }
    let is_all = args.input.mesh.is_empty() && args.selection.is_everything();
    args.baseline.apply(common, (&project, &sources), &mut report, is_all)?;
    if let Some(changed) = changed {
        report.keep_touching(|file| changed.touch(&project, sources.file(file).path()));
    }
    let fail_on = args.fail_on.map(Threshold::severity).or(project.config().fail_on.map(Severity::from));
    let fail_on = fail_on.unwrap_or(Severity::Error);
    if let Some(fixed) = &fixed {
        fixed.say(common, &outputs)?;
    }
    let outcome = Outcome { common, args, project: &project, sources: &sources, report: &report, fail_on };
    outputs.iter().try_for_each(|output| outcome.write(output))?;
    let is_written = fixed.as_ref().is_none_or(|fixed| fixed.is_written);
    let status = if project.failed() || !is_written || (project.emptiness.is_some() && !args.allow_empty) {
        exit::FAILED
    } else if !args.exit_zero && fails(args, &project, &report, fail_on) {
        exit::FOUND
    } else {
        exit::DONE
    };
    // The process ends here, and to free the values of a thousand meshes one by one takes as long as to read their files.
    std::mem::forget((worlds, report));
    std::mem::forget(project);
    Ok(status)
}

/// Finds the fixes, and writes them if the options say so.
fn fix(common: &Common, args: &Lint, changed: Option<&ChangedFiles>) -> Result<Fixed, String> {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err("fixes change files: name them instead of `-`".to_owned());
    }
    let mut fixed = Linter { common, args, changed }.fix()?;
    if args.fixes.fix {
        fixed.write(common);
    }
    Ok(fixed)
}

/// Whether the findings, or what was not checked, make the exit status 1.
fn fails(args: &Lint, project: &Project, report: &Report, fail_on: Severity) -> bool {
    let counts_unchecked = args.fail_on_unchecked || project.config().fail_on_unchecked;
    (counts_unchecked && !report.unchecked.is_empty())
        || report.diagnostics.iter().any(|diagnostic| diagnostic.severity >= fail_on)
}

/// Reports on standard error that no manifests were found, and the reason.
fn say_emptiness(common: &Common, args: &Lint, reason: &str) {
    if !args.allow_empty {
        terminal::say(common, Tone::Error, &format!("{reason} (`--allow-empty` accepts that)"));
    } else if !args.quiet {
        terminal::say(common, Tone::Warning, reason);
    }
}
