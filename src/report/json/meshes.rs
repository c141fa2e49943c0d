//! The JSON of `mesh meshes`: schema `mesh.meshes/v1`.

use std::io;

use serde::Serialize;

use super::write;
use crate::layout::{Mesh, MeshSource};
use crate::source::Sources;

/// Writes the output of `mesh meshes --format json`: one object, indented, with a newline at its end.
pub fn meshes(meshes: &[&Mesh], sources: &Sources, out: &mut dyn io::Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Object<'a> {
        schema: &'static str,
        meshes: Vec<MeshObject<'a>>,
    }
    let meshes = meshes.iter().map(|mesh| MeshObject::of(mesh, sources)).collect();
    write(&Object { schema: "mesh.meshes/v1", meshes }, out)
}

/// A mesh.
#[derive(Serialize)]
pub(super) struct MeshObject<'a> {
    name: &'a str,
    source: MeshSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    namespace: Option<&'a str>,
    resources: usize,
    partial: Vec<String>,
}

impl<'a> MeshObject<'a> {
    pub(super) fn of(mesh: &'a Mesh, sources: &'a Sources) -> Self {
        Self {
            name: &mesh.name,
            source: mesh.source,
            file: mesh.file.map(|file| sources.file(file).path()),
            namespace: mesh.namespace.as_deref(),
            resources: mesh.snapshot.resources.len(),
            partial: mesh.partial(),
        }
    }
}
