//! Configuration and manifests, which every command reads first.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use globset::Glob;
use rayon::prelude::*;

use super::args::{Common, InputArgs};
use super::terminal::{self, Tone};
use crate::config::{self, Config, InventoryMode};
use crate::layout::{self, DeclaredMesh, Mesh};
use crate::lint::Levels;
use crate::load::{self, Exclude, Input, ManifestProblem, Manifests, STDIN};
use crate::model::wording;
use crate::source::{Span, path};
use crate::world::{Settings, World};
use crate::yaml::YamlProblemKind;

/// The manifests and the settings of a run.
pub struct Project {
    pub manifests: Manifests,
    /// The meshes, or those that the command selects.
    pub meshes: Vec<Mesh>,
    config: Config,
    config_file: Option<PathBuf>,
}

impl Project {
    /// Reads the configuration and the manifests, and finds the meshes. Reports on standard error what cannot be read.
    pub fn open(common: &Common, paths: &[PathBuf], input: &InputArgs) -> Result<Self, String> {
        let (config, config_file) = configuration(common)?;
        let directory = config_file.as_deref().and_then(Path::parent);
        let inputs = inputs(paths, &config, directory);
        let exclude = if input.no_ignore { Exclude::Nothing } else { Exclude::Ignored };
        let manifests = Manifests::read(&inputs, exclude);
        for unreadable in &manifests.unreadable {
            terminal::say(common, Tone::Error, &unreadable.to_string());
        }
        if manifests.sources.is_empty() && manifests.unreadable.is_empty() {
            let message = if exclude == Exclude::Ignored && load::any_manifest(&inputs) {
                "no manifests found: every .yaml, .yml and .json file is ignored; use `--no-ignore` to read them"
            } else {
                "no manifests found: no .yaml, .yml or .json file"
            };
            terminal::say(common, Tone::Warning, message);
        }
        let declared = declared(&config, directory);
        let meshes = layout::find(&manifests, &declared);
        let is_nothing = |mesh: &Mesh| {
            let snapshot = &mesh.snapshot;
            snapshot.resources.is_empty() && snapshot.skipped.is_empty() && snapshot.problems.is_empty()
        };
        if meshes.iter().all(is_nothing) && !manifests.sources.is_empty() {
            terminal::say(common, Tone::Warning, "no Kubernetes resources found: none of the files contains one");
        }
        let meshes = select(meshes, &input.mesh)?;
        Ok(Self { manifests, meshes, config, config_file })
    }

    /// The meshes, resolved. `inventory` overrides what the configuration says.
    pub fn worlds(&self, inventory: Option<InventoryMode>) -> Vec<(&Mesh, World<'_>)> {
        self.meshes.par_iter().map(|mesh| (mesh, self.world(mesh, inventory))).collect()
    }

    fn world<'m>(&self, mesh: &'m Mesh, inventory: Option<InventoryMode>) -> World<'m> {
        let mut settings = Settings::new(&self.config, &mesh.snapshot);
        settings.default_namespace = mesh.namespace.clone().unwrap_or(settings.default_namespace);
        settings.inventory = inventory.or(mesh.inventory).or(settings.inventory);
        World::new(&mesh.snapshot, settings)
    }

    /// The levels of rules in the configuration.
    pub fn levels(&self) -> Result<Levels, String> {
        let Some(file) = &self.config_file else { return Ok(Levels::default()) };
        let here = std::env::current_dir().unwrap_or_default();
        let directory = plain(&here.join(file)).parent().map(Path::to_owned).unwrap_or_default();
        let relative = |shown: &str| {
            let path = plain(&here.join(shown));
            let inside = path.strip_prefix(&directory).ok().filter(|_| shown != STDIN)?;
            Some(inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
        };
        let levels = Levels::new(&self.config, &self.manifests.sources, relative);
        levels.map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Reports on standard error which manifests an answer does not consider.
    pub fn say_gaps(&self, common: &Common) {
        const MOST: usize = 10;
        let sources = &self.manifests.sources;
        let place = |span: Span| format!("{}:{}", sources.file(span.file).path(), sources.start(span).line);
        let problems = self.meshes.iter().flat_map(|mesh| &mesh.snapshot.problems);
        let broken = problems.filter_map(|problem| match problem {
            ManifestProblem::Yaml(problem) if problem.kind == YamlProblemKind::Syntax => {
                Some((problem.span, format!("`{}` is not valid YAML: {}", place(problem.span), problem.message)))
            }
            _ => None,
        });
        let templates = self.meshes.iter().flat_map(|mesh| &mesh.snapshot.templates);
        let templates = templates.map(|(span, _)| (*span, format!("`{}` is a template", place(*span))));
        let gaps: BTreeSet<(Span, String)> = broken.chain(templates).collect();
        for (_, gap) in gaps.iter().take(MOST) {
            terminal::say(common, Tone::Warning, &format!("{gap}; its resources are not considered"));
        }
        if gaps.len() > MOST {
            terminal::say(common, Tone::Warning, &format!("{} more documents are not considered", gaps.len() - MOST));
        }
    }

    /// Whether an input could not be read, or no document is YAML.
    pub fn failed(&self) -> bool {
        let has_problems = self.meshes.iter().any(|mesh| !mesh.snapshot.problems.is_empty());
        !self.manifests.unreadable.is_empty() || (has_problems && !self.has_documents())
    }

    /// Whether any document is YAML.
    pub fn has_documents(&self) -> bool {
        self.meshes.iter().any(|mesh| mesh.snapshot.documents > 0)
    }
}

/// Resolves `.` and `..` in a path.
fn plain(path: &Path) -> PathBuf {
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

/// The configuration with its file.
fn configuration(common: &Common) -> Result<(Config, Option<PathBuf>), String> {
    let file = match &common.config {
        _ if common.no_config => None,
        Some(named) => Some(named.clone()),
        None => std::env::current_dir().ok().and_then(|directory| config::discover(&directory)),
    };
    match file {
        Some(file) => Ok((Config::read(&file)?, Some(file))),
        None => Ok((Config::default(), None)),
    }
}

/// The meshes whose names match one of the patterns.
fn select(meshes: Vec<Mesh>, patterns: &[String]) -> Result<Vec<Mesh>, String> {
    if patterns.is_empty() {
        return Ok(meshes);
    }
    let mut matchers = Vec::new();
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| format!("`--mesh`: {error}"))?.compile_matcher();
        if !meshes.iter().any(|mesh| mesh.name == *pattern || glob.is_match(&mesh.name)) {
            let names: Vec<String> = meshes.iter().map(|mesh| format!("`{}`", mesh.name)).collect();
            let names = wording::list(&names, "and");
            return Err(format!("mesh `{pattern}` does not exist; the manifests have {names}"));
        }
        matchers.push((pattern, glob));
    }
    let is_wanted = |mesh: &Mesh| matchers.iter().any(|(name, glob)| mesh.name == **name || glob.is_match(&mesh.name));
    Ok(meshes.into_iter().filter(is_wanted).collect())
}

/// The meshes of the configuration, with paths as output shows them.
fn declared(config: &Config, directory: Option<&Path>) -> Vec<DeclaredMesh> {
    let here = std::env::current_dir().unwrap_or_default();
    let resolve = |written: &PathBuf| {
        let full = directory.map_or_else(|| written.clone(), |directory| directory.join(written));
        let full = here.join(full);
        let inside = plain(&full).strip_prefix(&here).map(Path::to_owned);
        let shown = inside.unwrap_or_else(|_| plain(&full));
        path::join("", &shown.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
    };
    let declared = config.meshes.iter().map(|mesh| DeclaredMesh {
        name: mesh.name.clone(),
        paths: mesh.paths.iter().map(resolve).collect(),
        namespace: mesh.namespace.clone(),
        inventory: mesh.inventory,
    });
    declared.collect()
}

fn inputs(paths: &[PathBuf], config: &Config, directory: Option<&Path>) -> Vec<Input> {
    if !paths.is_empty() {
        return paths.iter().map(|path| Input::from_argument(path)).collect();
    }
    if config.manifests.is_empty() {
        return vec![Input::Path(PathBuf::from("."))];
    }
    // The file may be above the working directory, but output shows paths relative to that.
    let here = std::env::current_dir().unwrap_or_default();
    let resolve = |path: &PathBuf| {
        let full = directory.map_or_else(|| path.clone(), |directory| directory.join(path));
        full.strip_prefix(&here).map(Path::to_owned).unwrap_or(full)
    };
    config.manifests.iter().map(|path| Input::Path(resolve(path))).collect()
}
