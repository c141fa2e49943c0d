//! The inputs of a command: its arguments, or the paths of the configuration.

use std::path::{Component, Path, PathBuf};

use crate::config::Config;
use crate::layout::DeclaredMesh;
use crate::load::Input;
use crate::source::path;

/// The inputs that arguments name, or else the configuration in `directory`, or else the working directory.
pub fn inputs(root: &Path, paths: &[PathBuf], config: &Config, directory: Option<&Path>) -> Vec<Input> {
    if !paths.is_empty() {
        return paths.iter().map(|path| Input::from_argument(path)).collect();
    }
    if config.manifests.is_empty() {
        return vec![Input::Path(PathBuf::from("."))];
    }
    config.manifests.iter().map(|path| Input::Path(from_config(root, directory, path))).collect()
}

/// The meshes of the configuration in `directory`, with paths as output shows them.
///
/// # Errors
///
/// If a mesh has no name, the name of another one, no paths, or a path that does not exist.
pub fn declared(root: &Path, config: &Config, directory: Option<&Path>) -> Result<Vec<DeclaredMesh>, String> {
    let mut declared: Vec<DeclaredMesh> = Vec::new();
    for (index, mesh) in config.meshes.iter().enumerate() {
        let fault = |message: String| Err(format!("`meshes[{index}]` of the configuration {message}"));
        if mesh.name.is_empty() {
            return fault("has no name".to_owned());
        }
        if declared.iter().any(|other| other.name == mesh.name) {
            return fault(format!("has the name `{}` of another mesh", mesh.name));
        }
        if mesh.paths.is_empty() {
            return fault("has no paths".to_owned());
        }
        let paths: Vec<PathBuf> = mesh.paths.iter().map(|path| from_config(root, directory, path)).collect();
        if let Some((_, written)) = paths.iter().zip(&mesh.paths).find(|(path, _)| !root.join(path).exists()) {
            return fault(format!("names the path `{}`, which does not exist", written.display()));
        }
        declared.push(DeclaredMesh {
            name: mesh.name.clone(),
            paths: paths.iter().map(|path| shown(path)).collect(),
            namespace: mesh.namespace.clone(),
            inventory: mesh.inventory.clone(),
        });
    }
    Ok(declared)
}

/// The paths of declared meshes of which the inputs name a part.
pub fn beside(inputs: &[Input], declared: &[DeclaredMesh]) -> Vec<Input> {
    let named: Vec<String> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Path(path) => Some(shown(path)),
            Input::Stdin { .. } => None,
        })
        .collect();
    let overlaps = |path: &String| named.iter().any(|it| path::is_within(it, path) || path::is_within(path, it));
    let meshes = declared.iter().filter(|mesh| mesh.paths.iter().any(overlaps));
    meshes.flat_map(|mesh| &mesh.paths).map(|path| Input::Path(PathBuf::from(shown_or_here(path)))).collect()
}

/// A path as output shows it; empty for the working directory.
fn shown(path: &Path) -> String {
    path::join("", &path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
}

/// A path for the file system: the working directory has no name in output.
fn shown_or_here(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// The directory that paths are relative to: the root, which is the working directory if it is empty.
pub fn here(root: &Path) -> PathBuf {
    if root.as_os_str().is_empty() { std::env::current_dir().unwrap_or_default() } else { root.to_owned() }
}

/// A path of the configuration in `directory`, relative to the root.
pub fn from_config(root: &Path, directory: Option<&Path>, written: &Path) -> PathBuf {
    let here = here(root);
    relative(&here, &here.join(directory.unwrap_or(Path::new(""))).join(written))
}

/// Names standard input in findings.
///
/// # Errors
///
/// If standard input is not among the inputs.
pub fn name_stdin(inputs: &mut [Input], name: &str) -> Result<(), String> {
    let mut is_found = false;
    for input in inputs.iter_mut().filter(|input| matches!(input, Input::Stdin { .. })) {
        *input = Input::Stdin { shown: name.to_owned() };
        is_found = true;
    }
    if is_found { Ok(()) } else { Err("`--stdin-filename` names standard input: add the path `-`".to_owned()) }
}

/// The path from `here` to `path`, both absolute. The configuration can be above the working directory, but output shows
/// paths relative to the working directory.
fn relative(here: &Path, path: &Path) -> PathBuf {
    let path = plain(path);
    let shared = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    // Paths on different drives share nothing.
    if shared == 0 {
        return path;
    }
    let ups = here.components().skip(shared).map(|_| Component::ParentDir);
    let relative: PathBuf = ups.chain(path.components().skip(shared)).collect();
    if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative }
}

/// Resolves `.` and `..` in a path.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_working_directory() {
        let relative = |here, path| relative(Path::new(here), Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(relative("/repo", "/repo/."), ".");
        assert_eq!(relative("/repo", "/repo/./k8s"), "k8s");
        assert_eq!(relative("/repo/k8s", "/repo/k8s"), ".");
        assert_eq!(relative("/repo/k8s/prod", "/repo/k8s"), "..");
        assert_eq!(relative("/repo/docs", "/repo/k8s"), "../k8s");
        assert_eq!(relative("/repo/docs", "/repo/docs/../k8s/a.yaml"), "../k8s/a.yaml");
    }
}
