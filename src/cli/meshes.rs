//! `mesh meshes`

use super::args::{Common, Format, Meshes};
use super::project::Project;
use super::{exit, terminal};
use crate::report;

/// Lists the meshes of the manifests.
pub fn run(common: &Common, args: &Meshes) -> Result<u8, String> {
    let project = Project::open(common, &args.paths, None, &args.input)?;
    let sources = &project.manifests.sources;
    terminal::write(|out| match args.format {
        Format::Text => report::text::meshes(&project.selected().collect::<Vec<_>>(), &terminal::style(common), out),
        Format::Json => report::json::meshes(&project.selected().collect::<Vec<_>>(), sources, out),
    })?;
    Ok(if project.failed() { exit::FAILED } else { exit::DONE })
}
