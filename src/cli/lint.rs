//! `mesh lint`

use super::args::{Common, Format, InventoryArg, Lint};
use super::project::Project;
use super::{exit, terminal};
use crate::lint;
use crate::report;

/// Checks manifests and prints the findings.
pub fn run(common: &Common, args: &Lint) -> Result<u8, String> {
    let project = Project::open(common, &args.paths, &args.input)?;
    let sources = &project.manifests.sources;
    let levels = project.levels()?;
    // The errors say everything. Totals would look like success.
    if sources.is_empty() && project.failed() && args.format == Format::Text {
        return Ok(exit::FAILED);
    }
    let report = lint::run_meshes(&project.worlds(args.inventory.map(InventoryArg::mode)), &levels);
    terminal::write(|out| match args.format {
        Format::Text => report::text::lint(&report, sources, &terminal::style(common), out),
        Format::Json => report::json::lint(&report, &project.meshes, sources, out),
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
