//! The meshes that `--mesh` names.

use globset::Glob;

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
        let glob = Glob::new(pattern).map_err(|error| format!("`--mesh`: {error}"))?.compile_matcher();
        if !meshes.iter().any(|mesh| mesh.name == *pattern || glob.is_match(&mesh.name)) {
            let names = wording::list(meshes.iter().map(|mesh| &mesh.name), "and");
            return Err(format!("mesh `{pattern}` does not exist; the manifests have {names}"));
        }
        matchers.push((pattern, glob));
    }
    let is_wanted = |mesh: &Mesh| matchers.iter().any(|(name, glob)| mesh.name == **name || glob.is_match(&mesh.name));
    Ok(meshes.iter().enumerate().filter(|(_, mesh)| is_wanted(mesh)).map(|(index, _)| index).collect())
}
