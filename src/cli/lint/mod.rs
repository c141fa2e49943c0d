//! `mesh lint`

pub mod args;
mod baseline;
mod fix;
mod output;

use super::args::{Common, InventoryArg};
use super::exit;
use super::project::Project;
use super::terminal::{self, Tone};
use crate::lint;
use args::Lint;
use fix::{Fixed, Linter};
use output::Outcome;

/// Checks manifests and prints the findings.
pub fn run(common: &Common, args: &Lint) -> Result<u8, String> {
    let outputs = args.output.all()?;
    let fixed = match args.fixes.fix || args.fixes.diff {
        true => Some(fix(common, args)?),
        false => None,
    };
    let project = Project::open(common, &args.paths, args.stdin_filename.as_deref(), &args.input)?;
    let levels = project.levels()?;
    if let Some(reason) = &project.emptiness {
        say_emptiness(common, args, reason);
    }
    let worlds = project.worlds(args.inventory.map(InventoryArg::mode));
    let mut report = lint::run_meshes(&worlds, &levels);
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
        args.baseline.write(&project, &report)?;
        return Ok(exit::DONE);
    }
    args.baseline.apply(common, &project, &mut report, args.input.mesh.is_empty())?;
    if let Some(fixed) = &fixed {
        fixed.say(common, &outputs)?;
    }
    let outcome = Outcome { common, args, project: &project, report: &report };
    outputs.iter().try_for_each(|output| outcome.write(output))?;
    let threshold = args.fail_on.severity();
    let is_written = fixed.as_ref().is_none_or(|fixed| fixed.is_written);
    let status = if project.failed() || !is_written || (project.emptiness.is_some() && !args.allow_empty) {
        exit::FAILED
    } else if report.diagnostics.iter().any(|diagnostic| diagnostic.severity >= threshold) {
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
fn fix(common: &Common, args: &Lint) -> Result<Fixed, String> {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err("fixes change files: name them instead of `-`".to_owned());
    }
    let mut fixed = Linter { common, args }.fix()?;
    if args.fixes.fix {
        fixed.write(common);
    }
    Ok(fixed)
}

/// Reports on standard error that no manifests were found, and the reason.
fn say_emptiness(common: &Common, args: &Lint, reason: &str) {
    if !args.allow_empty {
        terminal::say(common, Tone::Error, &format!("{reason} (`--allow-empty` accepts that)"));
    } else if !args.quiet {
        terminal::say(common, Tone::Warning, reason);
    }
}
