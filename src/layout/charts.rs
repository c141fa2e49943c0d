//! The meshes that Helm renders.

use super::{Mesh, MeshSource, Plan, Plans, shown};
use crate::load::ChartRelease;
use crate::source::path;

impl Plans<'_> {
    /// Each release of a chart is a mesh, unless the configuration declares a mesh that contains it.
    pub(super) fn take_charts(&mut self) {
        for (file, release) in self.manifests.releases() {
            if !self.free.remove(&file) {
                continue;
            }
            let mesh = Mesh {
                name: name(release),
                source: MeshSource::Helm,
                file: self.manifests.file_at(&path::join(&release.chart.directory, "Chart.yaml")),
                namespace: Some(release.namespace.clone()),
                ..Mesh::default()
            };
            self.meshes.push(Plan { mesh, files: vec![file], ..Plan::default() });
        }
    }
}

/// The name of a release: the directory of its chart, and what distinguishes it from the other releases of the chart.
fn name(release: &ChartRelease) -> String {
    let directory = shown(&release.chart.directory);
    release.label.as_ref().map_or_else(|| directory.to_owned(), |label| format!("{directory}@{label}"))
}
