//! `mesh lint`

pub mod args;
mod baseline;

use super::args::{Common, Format, InventoryArg, Threshold};
use super::exit;
use super::project::Project;
use super::terminal::{self, Tone};
use crate::lint;
use crate::report::{self, text::View};
use args::Lint;

/// Checks manifests and prints the findings.
pub fn run(common: &Common, args: &Lint) -> Result<u8, String> {
    let project = Project::open(common, &args.paths, args.stdin_filename.as_deref(), &args.input)?;
    let sources = &project.manifests.sources;
    let levels = project.levels()?;
    if let Some(reason) = &project.emptiness {
        say_emptiness(common, args, reason);
    }
    // The messages say everything. Totals would look like success.
    if sources.is_empty() && args.format == Format::Text {
        return Ok(if project.failed() || !args.allow_empty { exit::FAILED } else { exit::DONE });
    }
    let worlds = project.worlds(args.inventory.map(InventoryArg::mode));
    let mut report = lint::run_meshes(&worlds, &levels);
    if args.baseline.write_baseline {
        if project.failed() {
            return Err("the baseline was not written, since some of the manifests could not be read".to_owned());
        }
        args.baseline.write(&project, &report)?;
        return Ok(exit::DONE);
    }
    args.baseline.apply(common, &project, &mut report, args.input.mesh.is_empty())?;
    let view = View {
        lowest: args.show.map(Threshold::severity),
        meshes: Some(project.selected().filter(|mesh| !mesh.snapshot.resources.is_empty()).count())
            .filter(|it| *it > 1),
    };
    let style = terminal::style(common);
    terminal::write(|out| match args.format {
        Format::Text if args.statistics => report::text::statistics(&report, &view, &style, out),
        Format::Text if args.quiet => report::text::lines(&report, sources, &view, &style, out),
        Format::Text => report::text::lint(&report, sources, &view, &style, out),
        Format::Json if args.statistics => report::json::statistics(&report, out),
        Format::Json => report::json::lint(&report, &project.selected().collect::<Vec<_>>(), sources, out),
    })?;
    let threshold = args.fail_on.severity();
    let status = if project.failed() || (project.emptiness.is_some() && !args.allow_empty) {
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

/// Reports on standard error that no manifests were found, and the reason.
fn say_emptiness(common: &Common, args: &Lint, reason: &str) {
    if !args.allow_empty {
        terminal::say(common, Tone::Error, &format!("{reason} (`--allow-empty` accepts that)"));
    } else if !args.quiet {
        terminal::say(common, Tone::Warning, reason);
    }
}
