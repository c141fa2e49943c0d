//! Configuration and manifests, which every command reads first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::args::{Common, InputArgs};
use super::exclusions::Exclusions;
use super::helm::Helm;
use super::inputs::{beside, declared, from_config, here, inputs, name_stdin, plain};
use super::terminal::{self, Tone};
use super::{emptiness, selection};
use crate::config::{self, Config, ConfigText, Date, InventoryMode};
use crate::layout::{self, Mesh};
use crate::lint::{Circumstances, Reporting};
use crate::load::{Chart, ChartFailure, Exclude, Input, ManifestProblem, Manifests, STDIN};
use crate::model::wording;
use crate::source::{FileId, Sources, Span};
use crate::world::{self, World};
use crate::yaml::YamlProblemKind;

/// The manifests and the settings of a run.
pub struct Project {
    root: Root,
    pub manifests: Manifests,
    meshes: Vec<Mesh>,
    /// The meshes that the command selects, by their places.
    selected: Vec<usize>,
    /// The reason why no manifests were found, if none were.
    pub emptiness: Option<String>,
    config: Config,
    config_file: Option<ConfigSource>,
}

/// A configuration file that was read.
struct ConfigSource {
    /// The path, relative to the root.
    path: PathBuf,
    text: ConfigText,
}

impl ConfigSource {
    /// The directory that the paths in it are relative to.
    fn directory(&self) -> Option<&Path> {
        self.path.parent()
    }
}

/// The directory that paths are relative to.
#[derive(Debug, Clone, Default)]
pub struct Root {
    /// The directory; empty for the working directory.
    pub directory: PathBuf,
    /// The prefix of paths in messages: `main:` for the files of a git revision.
    pub prefix: String,
}

impl Project {
    /// Reads the configuration and the manifests, and finds the meshes. Reports on standard error what cannot be read.
    pub fn open(
        common: &Common,
        paths: &[PathBuf],
        stdin_name: Option<&str>,
        input: &InputArgs,
    ) -> Result<Self, String> {
        let project = Self::open_to_lint(common, paths, (stdin_name, &[]), input)?;
        project.say_mistakes(common);
        Ok(project)
    }

    /// Reads the same without the files that patterns exclude. [`Self::reporting`] has the mistakes in the configuration.
    pub fn open_to_lint(
        common: &Common,
        paths: &[PathBuf],
        stdin_name_and_exclude: (Option<&str>, &[String]),
        input: &InputArgs,
    ) -> Result<Self, String> {
        let here = std::env::current_dir().unwrap_or_default();
        let root = Root::default();
        let configuration = configuration(common, &root, &here)?;
        Self::open_in(root, configuration, paths, stdin_name_and_exclude, (common, input), None)
    }

    /// Reads the same, with other texts of some files, by the paths that output shows. Reports nothing.
    pub fn open_changed(
        common: &Common,
        (paths, exclude): (&[PathBuf], &[String]),
        input: &InputArgs,
        changed: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let here = std::env::current_dir().unwrap_or_default();
        let root = Root::default();
        let configuration = configuration(common, &root, &here)?;
        Self::open_in(root, configuration, paths, (None, exclude), (common, input), Some(changed))
    }

    /// Reads the same from the files below a directory, which stands for the root of a repository. The configuration is that of
    /// `place`, or of a directory above it.
    pub fn open_below(
        common: &Common,
        root: Root,
        (place, path): (&Path, &Path),
        input: &InputArgs,
    ) -> Result<Self, String> {
        let configuration = configuration(common, &root, &root.directory.join(place))?;
        let project = Self::open_in(root, configuration, &[path.to_owned()], (None, &[]), (common, input), None)?;
        project.say_mistakes(common);
        Ok(project)
    }

    fn open_in(
        root: Root,
        config_file: Option<ConfigSource>,
        paths: &[PathBuf],
        (stdin_name, exclude): (Option<&str>, &[String]),
        (common, input): (&Common, &InputArgs),
        changed: Option<&BTreeMap<String, String>>,
    ) -> Result<Self, String> {
        let directory = config_file.as_ref().and_then(ConfigSource::directory);
        let config = match &config_file {
            Some(source) => source.text.parse(FileId::default())?.config,
            None => Config::default(),
        };
        let Root { directory: base, prefix } = &root;
        let mut inputs = inputs(base, paths, &config, directory);
        if let Some(name) = stdin_name {
            name_stdin(&mut inputs, name)?;
        }
        let excluded = Exclusions::of(base, directory, &config, exclude)?;
        let is_excluded = |shown: &str| excluded.matches(shown);
        let exclude = Exclude {
            reads_ignored: input.no_ignore,
            by_pattern: (!excluded.is_empty()).then_some(&is_excluded as &dyn Fn(&str) -> bool),
        };
        let declared = declared(base, &config, directory)?;
        let beside = beside(&inputs, &declared);
        let helm = match input.helm || config.helm.is_on {
            true => Some(Helm::new(base, &config, directory, &declared)?),
            false => None,
        };
        let render = |charts: &[Chart]| helm.map(|helm| helm.render(charts)).unwrap_or_default();
        let unchanged = BTreeMap::new();
        let texts = changed.unwrap_or(&unchanged);
        let manifests = Manifests::read_with_charts(base, &inputs, &beside, exclude, texts, render);
        if changed.is_none() {
            for unreadable in &manifests.unreadable {
                terminal::say(common, Tone::Error, &unreadable.with_prefix(prefix).to_string());
            }
            say_chart_failures(common, prefix, &manifests.chart_failures);
        }
        let meshes = layout::find(&manifests, &declared);
        let emptiness = emptiness::reason(base, &inputs, input.no_ignore, &manifests, &meshes);
        let selected = selection::select(&meshes, &input.mesh)?;
        Ok(Self { root, manifests, meshes, selected, emptiness, config, config_file })
    }

    /// The selected meshes, resolved. `inventory` overrides what the configuration says.
    pub fn worlds(&self, inventory: Option<InventoryMode>) -> Vec<(&Mesh, World<'_>)> {
        world::resolve(&self.meshes, &self.selected, &self.config, inventory)
    }

    /// The path of the configuration, as output shows it.
    pub fn configuration(&self) -> Option<&str> {
        self.config_file.as_ref().map(|source| source.text.shown.as_str())
    }

    /// The settings of the configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The selected meshes.
    pub fn selected(&self) -> impl Iterator<Item = &Mesh> {
        self.selected.iter().map(|&index| &self.meshes[index])
    }

    /// The files of invariants in the configuration.
    pub fn invariant_files(&self) -> Vec<PathBuf> {
        self.config.check.iter().map(|path| self.configured(path)).collect()
    }

    /// The files of cases in the configuration.
    pub fn test_files(&self) -> Vec<PathBuf> {
        self.config.tests.iter().map(|path| self.configured(path)).collect()
    }

    /// The paths on which the manifests depend: the inputs, the files that were read, and the configuration.
    pub fn paths(&self, inputs: &[PathBuf]) -> Vec<PathBuf> {
        let directory = self.config_file.as_ref().and_then(ConfigSource::directory);
        let inputs = self::inputs(&self.root.directory, inputs, &self.config, directory);
        let inputs = inputs.into_iter().filter_map(|input| match input {
            Input::Path(path) => Some(path),
            Input::Stdin { .. } => None,
        });
        let read = self.manifests.sources.iter().map(|(_, file)| PathBuf::from(file.path()));
        inputs
            .chain(read.filter(|path| path.exists()))
            .chain(self.config_file.iter().map(|file| file.path.clone()))
            .collect()
    }

    /// The baseline in the configuration.
    pub fn baseline_file(&self) -> Option<PathBuf> {
        self.config.baseline.as_ref().map(|path| self.configured(path))
    }

    /// A path of the configuration, relative to the root.
    fn configured(&self, written: &Path) -> PathBuf {
        from_config(&self.root.directory, self.config_file.as_ref().and_then(ConfigSource::directory), written)
    }

    /// The directory of a file, as an absolute path.
    pub fn directory_of(&self, file: &Path) -> PathBuf {
        let full = plain(&here(&self.root.directory).join(file));
        full.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// The path of a file relative to a directory, with `/` as separator. `None` if it is elsewhere.
    pub fn relative_to(&self, directory: &Path, shown: &str) -> Option<String> {
        let path = plain(&here(&self.root.directory).join(shown));
        let inside = path.strip_prefix(directory).ok().filter(|_| shown != STDIN)?;
        Some(inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
    }

    /// The findings that the configuration wants to be reported, and the files of the run with the configuration itself.
    ///
    /// # Errors
    ///
    /// If the configuration is not YAML, which [`Self::open`] has found out before.
    pub fn reporting(&self, inputs: &[PathBuf]) -> Result<(Reporting, Sources), String> {
        let mut sources = Sources::clone(&self.manifests.sources);
        let Some(source) = &self.config_file else { return Ok((Reporting::default(), sources)) };
        let id = sources.add(source.text.shown.clone(), source.text.text.clone());
        let directory = self.directory_of(&source.path);
        let circumstances = Circumstances {
            relative: &|shown| self.relative_to(&directory, shown),
            today: Date::of(SystemTime::now()),
            is_whole: self.is_whole(&directory, inputs),
        };
        let reporting = Reporting::of(source.text.parse(id)?, &self.manifests.sources, &circumstances);
        Ok((reporting, sources))
    }

    /// Whether the run reads all that the configuration in a directory is about.
    fn is_whole(&self, directory: &Path, inputs: &[PathBuf]) -> bool {
        let has_all = |path: &Path| directory.starts_with(plain(&here(&self.root.directory).join(path)));
        let is_named = match inputs {
            [] => !self.config.manifests.is_empty() || has_all(Path::new("")),
            inputs => inputs.iter().any(|path| has_all(path)),
        };
        is_named && self.selected.len() == self.meshes.len()
    }

    /// Reports on standard error the mistakes in the configuration, which does not apply there.
    fn say_mistakes(&self, common: &Common) {
        let Some(source) = &self.config_file else { return };
        let text = &source.text.text;
        for problem in source.text.parse(FileId::default()).into_iter().flat_map(|file| file.problems) {
            let line = text[..problem.span.range().start].matches('\n').count() + 1;
            let help = problem.help.to_string();
            let help = if help.is_empty() { help } else { format!("; {help}") };
            terminal::say(common, Tone::Warning, &format!("{}:{line}: {}{help}", source.text.shown, problem.message));
        }
    }

    /// Reports on standard error which manifests an answer does not consider.
    pub fn say_gaps(&self, common: &Common) {
        const MOST: usize = 10;
        let sources = &self.manifests.sources;
        let prefix = &self.root.prefix;
        let place = |span: Span| format!("{prefix}{}:{}", sources.file(span.file).path(), sources.start(span).line);
        let problems = self.selected().flat_map(|mesh| &mesh.snapshot.problems);
        let broken = problems.filter_map(|problem| match problem {
            ManifestProblem::Yaml(problem) if problem.kind == YamlProblemKind::Syntax => {
                Some((problem.span, format!("`{}` is not valid YAML: {}", place(problem.span), problem.message)))
            }
            _ => None,
        });
        let templates = self.selected().flat_map(|mesh| &mesh.snapshot.templates);
        let templates = templates.map(|(span, _)| (*span, format!("`{}` is a template", place(*span))));
        let homeless = self.selected().flat_map(|mesh| {
            let placeholders = &mesh.snapshot.placeholders;
            mesh.snapshot.resources().filter(|resource| placeholders.hide_namespace(resource))
        });
        let homeless = homeless.map(|it| (it.span, format!("`{}` has a placeholder as its namespace", place(it.span))));
        let gaps: BTreeSet<(Span, String)> = broken.chain(templates).chain(homeless).collect();
        for (_, gap) in gaps.iter().take(MOST) {
            terminal::say(common, Tone::Warning, &format!("{gap}; its resources are not considered"));
        }
        if gaps.len() > MOST {
            terminal::say(common, Tone::Warning, &format!("{} more documents are not considered", gaps.len() - MOST));
        }
    }

    /// Whether an input could not be read, a chart not rendered, or no document is YAML.
    pub fn failed(&self) -> bool {
        let has_problems = self.selected().any(|mesh| !mesh.snapshot.problems.is_empty());
        let is_complete = self.manifests.unreadable.is_empty() && self.manifests.chart_failures.is_empty();
        !is_complete || (has_problems && !self.has_documents())
    }

    /// Whether any document is YAML.
    pub fn has_documents(&self) -> bool {
        self.selected().any(|mesh| mesh.snapshot.documents > 0)
    }
}

/// Reports on standard error which charts could not be rendered. Charts with the same reason share a message.
fn say_chart_failures(common: &Common, prefix: &str, failures: &[ChartFailure]) {
    const MOST: usize = 10;
    let mut by_reason: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for failure in failures {
        let directory = if failure.directory.is_empty() { "." } else { &failure.directory };
        by_reason.entry(&failure.reason).or_default().insert(format!("{prefix}{directory}"));
    }
    let rest: usize = by_reason.values().skip(MOST).map(BTreeSet::len).sum();
    for (reason, charts) in by_reason.into_iter().take(MOST) {
        let noun = if charts.len() == 1 { "chart" } else { "charts" };
        let charts = wording::list(charts, "and");
        terminal::say(common, Tone::Error, &format!("cannot render {noun} {charts}: {reason}"));
    }
    if rest > 0 {
        terminal::say(common, Tone::Error, &format!("cannot render {rest} more charts"));
    }
}

/// The configuration file, whose path is relative to the root. Without an option it is the nearest one in a directory or above
/// it, up to the root.
fn configuration(common: &Common, root: &Root, directory: &Path) -> Result<Option<ConfigSource>, String> {
    let Root { directory: base, prefix } = root;
    let below_root = |file: PathBuf| match base.as_os_str().is_empty() {
        true => Some(file),
        false => file.strip_prefix(base).ok().map(Path::to_owned),
    };
    let file = match &common.config {
        _ if common.no_config => None,
        Some(named) => {
            // Its place in the working directory is its place in a revision.
            let inside = named.strip_prefix(here(Path::new(""))).unwrap_or(named);
            let place = below_root(plain(&directory.join(inside))).filter(|_| !base.as_os_str().is_empty());
            let text = ConfigText::read(named, named.display().to_string())?;
            return Ok(Some(ConfigSource { path: place.unwrap_or_else(|| named.clone()), text }));
        }
        None => config::discover(directory).and_then(below_root),
    };
    let Some(path) = file else { return Ok(None) };
    let shown = from_config(&root.directory, None, &path);
    let text = ConfigText::read(&base.join(&path), format!("{prefix}{}", shown.display()))?;
    Ok(Some(ConfigSource { path, text }))
}
