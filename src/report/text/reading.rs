//! The files that a run reads and skips, for `--verbose`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::meshes::described;
use super::words::{clean, count, plural, push_hanging};
use crate::layout::Mesh;
use crate::load::Manifests;

/// The most paths that are listed for each reason to skip them.
const MOST: usize = 20;

/// The width of a line. Output of `--verbose` often goes to a file.
const WIDTH: usize = 120;

/// Writes the output of `mesh lint --verbose`: the configuration, the files, the meshes, and what was skipped and why.
pub fn reading(
    configuration: Option<&str>,
    manifests: &Manifests,
    meshes: &[&Mesh],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut text = String::new();
    let mut item = |words: &str| push_hanging(&mut text, "", 4, words, WIDTH);
    item(&format!("configuration: {}", configuration.map_or_else(|| "none".to_owned(), clean)));
    item(&format!("read {}", count(manifests.sources.len(), "file")));
    for (_, file) in manifests.sources.iter() {
        item(&format!("  {}", clean(file.path())));
    }
    item(&format!("checked {}", plural(meshes.len(), "mesh", "meshes")));
    meshes.iter().for_each(|mesh| item(&format!("  {}", described_mesh(mesh))));
    let charts: BTreeSet<&String> = meshes.iter().flat_map(|mesh| &mesh.snapshot.charts).collect();
    for chart in charts {
        let directory = if chart.is_empty() { "." } else { chart };
        item(&format!("skipped chart {}: not rendered, which `--helm` does", clean(directory)));
    }
    let mut times: BTreeMap<_, usize> = BTreeMap::new();
    for skipped in &manifests.skipped {
        let time = times.entry(skipped.reason).or_default();
        *time += 1;
        if *time <= MOST {
            item(&format!("skipped {}: {}", clean(&skipped.path), skipped.reason.as_str()));
        }
    }
    for (reason, number) in times.into_iter().filter(|(_, number)| *number > MOST) {
        item(&format!("skipped {}: {}", count(number - MOST, "more path"), reason.as_str()));
    }
    out.write_all(text.as_bytes())
}

/// A mesh with what is in it: `overlays/prod (Kustomize): 41 resources, 2 of other kinds`.
fn described_mesh(mesh: &Mesh) -> String {
    let snapshot = &mesh.snapshot;
    let mut parts = vec![count(snapshot.resources.len(), "resource")];
    let others = snapshot.skipped.len().saturating_sub(snapshot.untyped);
    if others > 0 {
        parts.push(format!("{others} of other kinds"));
    }
    if snapshot.untyped > 0 {
        parts.push(format!("{} without `apiVersion` and `kind`", count(snapshot.untyped, "document")));
    }
    if !snapshot.templates.is_empty() {
        parts.push(count(snapshot.templates.len(), "template"));
    }
    let name = if mesh.name.is_empty() { "." } else { &mesh.name };
    format!("{} ({}): {}", clean(name), described(mesh.source), parts.join(", "))
}
