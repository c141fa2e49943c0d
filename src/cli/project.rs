//! Configuration and manifests, which every command reads first.

use std::path::{Component, Path, PathBuf};

use super::args::Common;
use super::terminal::{self, Tone};
use crate::config::{self, Config};
use crate::lint::Levels;
use crate::load::{self, Exclude, Input, ManifestProblem, STDIN, Snapshot};
use crate::source::Span;
use crate::world::Settings;
use crate::yaml::YamlProblemKind;

/// The manifests and the settings of a run.
pub struct Project {
    pub snapshot: Snapshot,
    pub settings: Settings,
    config: Config,
    config_file: Option<PathBuf>,
}

impl Project {
    /// Reads the configuration and the manifests. Reports on standard error what cannot be read.
    pub fn open(common: &Common, paths: &[PathBuf], no_ignore: bool) -> Result<Self, String> {
        let (config, config_file) = configuration(common)?;
        let directory = config_file.as_deref().and_then(Path::parent);
        let inputs = inputs(paths, &config, directory);
        let exclude = if no_ignore { Exclude::Nothing } else { Exclude::Ignored };
        let snapshot = Snapshot::read(&inputs, exclude);
        for unreadable in &snapshot.unreadable {
            terminal::say(common, Tone::Error, &unreadable.to_string());
        }
        if snapshot.sources.is_empty() && snapshot.unreadable.is_empty() {
            let message = if exclude == Exclude::Ignored && load::any_manifest(&inputs) {
                "no manifests found: every .yaml, .yml and .json file is ignored; use `--no-ignore` to read them"
            } else {
                "no manifests found: no .yaml, .yml or .json file"
            };
            terminal::say(common, Tone::Warning, message);
        }
        let nothing_found = snapshot.resources.is_empty() && snapshot.skipped == 0 && snapshot.problems.is_empty();
        if nothing_found && !snapshot.sources.is_empty() {
            terminal::say(common, Tone::Warning, "no Kubernetes resources found: none of the files contains one");
        }
        let settings = Settings::new(&config, &snapshot);
        Ok(Self { snapshot, settings, config, config_file })
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
        let levels = Levels::new(&self.config, &self.snapshot.sources, relative);
        levels.map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Reports on standard error which manifests an answer does not consider.
    pub fn say_gaps(&self, common: &Common) {
        const MOST: usize = 10;
        let sources = &self.snapshot.sources;
        let place = |span: Span| format!("{}:{}", sources.file(span.file).path(), sources.start(span).line);
        let broken = self.snapshot.problems.iter().filter_map(|problem| match problem {
            ManifestProblem::Yaml(problem) if problem.kind == YamlProblemKind::Syntax => {
                Some(format!("`{}` is not valid YAML: {}", place(problem.span), problem.message))
            }
            _ => None,
        });
        let templates = self.snapshot.templates.iter().map(|(span, _)| format!("`{}` is a template", place(*span)));
        let placeholders = &self.snapshot.placeholders;
        let homeless = self.snapshot.resources.iter().filter(|resource| placeholders.hide_namespace(resource));
        let homeless = homeless.map(|it| format!("`{}` has a placeholder as its namespace", place(it.span)));
        let gaps: Vec<String> = broken.chain(templates).chain(homeless).collect();
        for gap in gaps.iter().take(MOST) {
            terminal::say(common, Tone::Warning, &format!("{gap}; its resources are not considered"));
        }
        if gaps.len() > MOST {
            terminal::say(common, Tone::Warning, &format!("{} more documents are not considered", gaps.len() - MOST));
        }
    }

    /// Whether an input could not be read, or no document is YAML.
    pub fn failed(&self) -> bool {
        let nothing_read = self.snapshot.documents == 0 && !self.snapshot.problems.is_empty();
        !self.snapshot.unreadable.is_empty() || nothing_read
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
