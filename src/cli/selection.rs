//! The meshes that `--mesh` names.

use globset::{Glob, escape};

use crate::layout::Mesh;
use crate::model::wording;

/// The places of the meshes whose names match one of the patterns; all if there is no pattern.
///
/// # Errors
///
/// If a pattern is not valid, or matches no mesh.
pub fn select(meshes: &[Mesh], patterns: &[String]) -> Result<Vec<usize>, String> {
    if patterns.is_empty() {
        return Ok((0..meshes.len()).collect());
    }
    let mut matchers = Vec::new();
    for pattern in patterns {
        // The name of a mesh can have characters with a meaning in patterns.
        let is_name = meshes.iter().any(|mesh| mesh.name == *pattern);
        let text = if is_name { escape(pattern) } else { pattern.clone() };
        let glob = Glob::new(&text).map_err(|error| format!("`--mesh`: {error}"))?.compile_matcher();
        if !meshes.iter().any(|mesh| glob.is_match(&mesh.name)) {
            return Err(format!("mesh `{pattern}` does not exist; {}", known(meshes)));
        }
        matchers.push(glob);
    }
    let is_wanted = |mesh: &Mesh| matchers.iter().any(|glob| glob.is_match(&mesh.name));
    Ok(meshes.iter().enumerate().filter(|(_, mesh)| is_wanted(mesh)).map(|(index, _)| index).collect())
}

/// The meshes that there are.
fn known(meshes: &[Mesh]) -> String {
    const MOST: usize = 10;
    match meshes.len() {
        0 => "the manifests have no mesh".to_owned(),
        1..=MOST => format!("the manifests have {}", wording::list(meshes.iter().map(|mesh| &mesh.name), "and")),
        count => format!("`mesh meshes` lists the {count} meshes of the manifests"),
    }
}
