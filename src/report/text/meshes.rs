//! The list of meshes for people.

use std::io;

use comfy_table::{ContentArrangement, Table, presets};

use super::words::clean;
use crate::layout::{Mesh, MeshSource};
use crate::report::Style;

/// Writes the output of `mesh meshes` for people: a table with a row for each mesh.
pub fn meshes(meshes: &[&Mesh], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(if style.unicode { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(style.columns()).unwrap_or(u16::MAX))
        .set_header(["MESH", "SOURCE", "NAMESPACE", "RESOURCES", "NOT RENDERED"]);
    for mesh in meshes {
        let partial: Vec<String> = mesh.partial().iter().map(|reason| clean(reason)).collect();
        table.add_row([
            clean(&mesh.name),
            described(mesh.source).to_owned(),
            mesh.namespace.as_deref().map(clean).unwrap_or_default(),
            mesh.snapshot.resources.len().to_string(),
            partial.join("\n"),
        ]);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    writeln!(out, "{}", if meshes.len() == 1 { "1 mesh".to_owned() } else { format!("{} meshes", meshes.len()) })
}

fn described(source: MeshSource) -> &'static str {
    match source {
        MeshSource::Config => "configuration",
        MeshSource::Kustomize => "Kustomize",
        MeshSource::ArgoCd => "Argo CD",
        MeshSource::Flux => "Flux",
        MeshSource::Alternatives => "alternatives",
        MeshSource::Directory => "directory",
    }
}
