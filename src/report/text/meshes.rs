//! The list of meshes for people.

use std::io;

use comfy_table::{ContentArrangement, Table, presets};

use super::words::{clean, plural, push_hanging};
use crate::layout::{Mesh, MeshSource};
use crate::report::Style;

/// Writes the output of `mesh meshes` for people: a table with a row for each mesh that has resources, or that could not be
/// rendered completely. Names are never broken into lines, so that they can be copied.
pub fn meshes(meshes: &[&Mesh], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["MESH", "SOURCE", "RESOURCES", "NAMESPACE"]);
    let is_shown = |mesh: &&&Mesh| !mesh.snapshot.resources.is_empty() || !mesh.partial().is_empty();
    let shown: Vec<&&Mesh> = meshes.iter().filter(is_shown).collect();
    for mesh in &shown {
        table.add_row([
            clean(&mesh.name),
            described(mesh.source).to_owned(),
            mesh.snapshot.resources.len().to_string(),
            mesh.namespace.as_deref().map(clean).unwrap_or_default(),
        ]);
    }
    for line in table.trim_fmt().lines() {
        writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line))?;
    }
    writeln!(out)?;
    let partial: Vec<(&str, String)> =
        shown.iter().flat_map(|mesh| mesh.partial().into_iter().map(|reason| (mesh.name.as_str(), reason))).collect();
    if !partial.is_empty() {
        let mut text = String::from("Not rendered, so what they add is unchecked:\n");
        for (mesh, reason) in &partial {
            push_hanging(&mut text, "  ", 4, &format!("{}: {}", clean(mesh), clean(reason)), style.columns());
        }
        writeln!(out, "{text}")?;
    }
    let rest = match meshes.len() - shown.len() {
        0 => String::new(),
        rest => format!(", and {rest} without resources that `mesh` reads"),
    };
    writeln!(out, "{}{rest}", plural(shown.len(), "mesh", "meshes"))
}

/// The source of a mesh in words.
pub(super) fn described(source: MeshSource) -> &'static str {
    match source {
        MeshSource::Config => "configuration",
        MeshSource::Helm => "Helm",
        MeshSource::Kustomize => "Kustomize",
        MeshSource::ArgoCd => "Argo CD",
        MeshSource::Flux => "Flux",
        MeshSource::Alternatives => "alternatives",
        MeshSource::Directory => "directory",
    }
}
