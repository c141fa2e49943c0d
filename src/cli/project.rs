//! What every command starts with: configuration and manifests.

use std::path::{Path, PathBuf};

use super::args::Common;
use super::terminal::{self, Tone};
use crate::config::{self, Config};
use crate::load::{Input, Problem, Snapshot};
use crate::source::Span;
use crate::world::Settings;
use crate::yaml::ProblemKind;

/// The manifests as they were read, and the settings they are read with.
pub struct Project {
    pub snapshot: Snapshot,
    pub settings: Settings,
}

impl Project {
    /// Reads the configuration and the manifests. What cannot be read is said on standard error.
    pub fn open(common: &Common, paths: &[PathBuf]) -> Result<Self, String> {
        let (config, directory) = configuration(common)?;
        let snapshot = Snapshot::read(&inputs(paths, &config, directory.as_deref()));
        for unreadable in &snapshot.unreadable {
            terminal::say(common, Tone::Error, &unreadable.to_string());
        }
        if snapshot.sources.is_empty() && snapshot.unreadable.is_empty() {
            terminal::say(common, Tone::Warning, "no manifests found: no .yaml, .yml or .json file");
        }
        let nothing_found = snapshot.resources.is_empty() && snapshot.skipped == 0 && snapshot.problems.is_empty();
        if nothing_found && !snapshot.sources.is_empty() {
            terminal::say(common, Tone::Warning, "none of the files holds a resource of Kubernetes");
        }
        let settings = Settings::new(&config, &snapshot);
        Ok(Self { snapshot, settings })
    }

    /// Says which manifests an answer does not take into account.
    pub fn say_gaps(&self, common: &Common) {
        const MOST: usize = 10;
        let sources = &self.snapshot.sources;
        let place = |span: Span| format!("{}:{}", sources.file(span.file).path(), sources.start(span).line);
        let broken = self.snapshot.problems.iter().filter_map(|problem| match problem {
            Problem::Yaml(problem) if problem.kind == ProblemKind::Syntax => {
                Some(format!("{} is not read: {}", place(problem.span), problem.message))
            }
            _ => None,
        });
        let templates = self.snapshot.templates.iter().map(|(span, _)| format!("{} is a template", place(*span)));
        let gaps: Vec<String> = broken.chain(templates).collect();
        for gap in gaps.iter().take(MOST) {
            terminal::say(common, Tone::Warning, &format!("{gap}; what it defines is unknown here"));
        }
        if gaps.len() > MOST {
            terminal::say(common, Tone::Warning, &format!("{} more documents are not read", gaps.len() - MOST));
        }
    }

    /// Whether something that was asked for could not be read, or nothing of it was YAML.
    pub fn failed(&self) -> bool {
        let nothing_read = self.snapshot.documents == 0 && !self.snapshot.problems.is_empty();
        !self.snapshot.unreadable.is_empty() || nothing_read
    }
}

/// The configuration, and the directory of its file.
fn configuration(common: &Common) -> Result<(Config, Option<PathBuf>), String> {
    let file = match &common.config {
        _ if common.no_config => None,
        Some(named) => Some(named.clone()),
        None => std::env::current_dir().ok().and_then(|directory| config::discover(&directory)),
    };
    match file {
        Some(file) => Ok((Config::read(&file)?, file.parent().map(Path::to_owned))),
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
    // The file may lie above the working directory; paths are shown relative to where the user is.
    let here = std::env::current_dir().unwrap_or_default();
    let resolve = |path: &PathBuf| {
        let full = directory.map_or_else(|| path.clone(), |directory| directory.join(path));
        full.strip_prefix(&here).map(Path::to_owned).unwrap_or(full)
    };
    config.manifests.iter().map(|path| Input::Path(resolve(path))).collect()
}
