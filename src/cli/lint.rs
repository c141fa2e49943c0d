//! `mesh lint`

use super::args::{Common, Format, InventoryArg, Lint};
use super::project::Project;
use super::{exit, terminal};
use crate::lint;
use crate::report;
use crate::world::World;

/// Checks manifests and prints the findings.
pub fn run(common: &Common, args: &Lint) -> Result<u8, String> {
    let project = Project::open(common, &args.paths, args.no_ignore)?;
    let sources = &project.snapshot.sources;
    let levels = project.levels()?;
    let mut settings = project.settings.clone();
    settings.inventory = args.inventory.map(InventoryArg::mode).or(settings.inventory);
    let world = World::new(&project.snapshot, settings);
    let report = lint::run_at(&world, &levels);
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
