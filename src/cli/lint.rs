//! `mesh lint`

use super::args::{Common, Format, Lint};
use super::project::Project;
use super::{exit, terminal};
use crate::lint;
use crate::report;
use crate::world::World;

/// Finds mistakes and prints them.
pub fn run(common: &Common, args: &Lint) -> Result<u8, String> {
    let project = Project::open(common, &args.paths)?;
    let world = World::new(&project.snapshot, project.settings.clone());
    let report = lint::run(&world);
    let sources = &project.snapshot.sources;
    terminal::write(|out| match args.format {
        Format::Text => report::text::lint(&report, sources, &terminal::style(common), out),
        Format::Json => report::json::lint(&report, sources, out),
    })?;
    let threshold = args.fail_on.severity();
    Ok(if project.failed() {
        exit::FAILED
    } else if report.diagnostics.iter().any(|diagnostic| diagnostic.severity >= threshold) {
        exit::FOUND
    } else {
        exit::DONE
    })
}
