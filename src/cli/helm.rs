//! Charts are rendered by the installed `helm`: `helm template`, without access to a cluster or the network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rayon::prelude::*;

use super::inputs::{from_config, here};
use super::program::{self, ProgramFailure};
use crate::config::{ChartSettings, Config};
use crate::layout::DeclaredMesh;
use crate::load::{Chart, ChartFailure, ChartRelease, RenderedCharts};
use crate::model::{Kind, gateway_api, kinds};
use crate::source::path;

/// The longest time for a release.
const LIMIT: Duration = Duration::from_secs(60);

/// The longest name of a release that Helm accepts.
const LONGEST_NAME: usize = 53;

/// The lines of an error of Helm that are shown.
const SHOWN_LINES: usize = 6;

/// The namespace of charts for which nobody names one. It stands for the namespace of the release, as `release-name` of
/// `helm template` stands for its name.
const ASSUMED_NAMESPACE: &str = "release-namespace";

/// The settings of the charts.
pub struct Helm<'c> {
    /// The directory that paths are relative to.
    root: PathBuf,
    config: &'c Config,
    /// The directory of the configuration.
    directory: Option<&'c Path>,
    declared: &'c [DeclaredMesh],
    /// The charts that the configuration names, with their directories on disk.
    charts: Vec<(PathBuf, &'c ChartSettings)>,
}

/// A release to render.
struct Planned {
    release: ChartRelease,
    name: String,
    values: Vec<PathBuf>,
}

impl<'c> Helm<'c> {
    /// The settings of the configuration in `directory`.
    ///
    /// # Errors
    ///
    /// If the configuration names a chart that does not exist.
    pub fn new(
        root: &Path,
        config: &'c Config,
        directory: Option<&'c Path>,
        declared: &'c [DeclaredMesh],
    ) -> Result<Self, String> {
        let find = |settings: &'c ChartSettings| {
            let chart = from_config(root, directory, &settings.path);
            let place = root.join(&chart).canonicalize().ok().filter(|place| place.join("Chart.yaml").is_file());
            let place = place.ok_or_else(|| format!("`{}` is not a chart: it has no `Chart.yaml`", chart.display()))?;
            Ok((place, settings))
        };
        let charts: Result<Vec<_>, String> = config.helm.charts.iter().map(find).collect();
        Ok(Self { root: here(root), config, directory, declared, charts: charts? })
    }

    /// Renders charts, several at a time.
    pub fn render(&self, charts: &[Chart]) -> RenderedCharts {
        let planned: Vec<Planned> = charts.iter().flat_map(|chart| self.plan(chart)).collect();
        let results: Vec<Result<String, String>> = planned.par_iter().map(|it| run(&self.root, it)).collect();
        let mut rendered = RenderedCharts::default();
        for (Planned { release, .. }, result) in planned.into_iter().zip(results) {
            match result {
                Ok(text) => rendered.releases.push((release, text)),
                Err(reason) => {
                    rendered.failures.push(ChartFailure { directory: release.chart.directory, reason });
                }
            }
        }
        rendered
    }

    /// The releases of a chart: those of the configuration, or one with the values of the chart.
    fn plan(&self, chart: &Chart) -> Vec<Planned> {
        let place = self.root.join(&chart.directory).canonicalize().ok();
        let settings = self.charts.iter().filter(|(configured, _)| Some(configured) == place.as_ref());
        let settings: Vec<&ChartSettings> = settings.map(|(_, settings)| *settings).collect();
        if settings.iter().any(|settings| !settings.render) {
            return Vec::new();
        }
        let labels = labels(&settings);
        let planned = |settings: Option<&ChartSettings>, label: Option<String>| {
            let (namespace, is_namespace_assumed) = self.namespace(chart, settings);
            let name = settings.and_then(|settings| settings.release.clone()).unwrap_or_else(|| chart.name.clone());
            let values = settings.into_iter().flat_map(|settings| &settings.values);
            Planned {
                release: ChartRelease { chart: chart.clone(), label, namespace, is_namespace_assumed },
                name,
                values: values.map(|written| from_config(&self.root, self.directory, written)).collect(),
            }
        };
        match settings.as_slice() {
            [] => vec![planned(None, None)],
            several => several.iter().zip(labels).map(|(settings, label)| planned(Some(settings), label)).collect(),
        }
    }

    /// The namespace of a release, and whether nobody names it.
    fn namespace(&self, chart: &Chart, settings: Option<&ChartSettings>) -> (String, bool) {
        let is_of = |mesh: &&DeclaredMesh| mesh.paths.iter().any(|path| path::is_within(&chart.directory, path));
        let mesh = self.declared.iter().find(is_of);
        let of_chart = settings.and_then(|settings| settings.namespace.as_ref());
        let named = of_chart.or_else(|| mesh?.namespace.as_ref()).or(self.config.namespace.as_ref());
        match named {
            Some(named) => (named.clone(), false),
            // The same namespace as for the other manifests of the mesh.
            None if mesh.is_some() => ("default".to_owned(), false),
            None => (ASSUMED_NAMESPACE.to_owned(), true),
        }
    }
}

/// Texts that distinguish the releases of a chart: their names, or else their namespaces, their values or their numbers.
fn labels(releases: &[&ChartSettings]) -> Vec<Option<String>> {
    if releases.len() < 2 {
        return vec![None; releases.len()];
    }
    let file_name = |path: &PathBuf| path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let values = |it: &ChartSettings| Some(it.values.iter().filter_map(file_name).collect::<Vec<_>>().join("+"));
    type Label<'l> = &'l dyn Fn(&ChartSettings) -> Option<String>;
    let candidates: [Label<'_>; 3] = [&|it| it.release.clone(), &|it| it.namespace.clone(), &values];
    for label in candidates {
        let labels: Vec<Option<String>> = releases.iter().map(|it| label(it).filter(|it| !it.is_empty())).collect();
        let distinct: BTreeSet<&String> = labels.iter().flatten().collect();
        if distinct.len() == releases.len() {
            return labels;
        }
    }
    (1..=releases.len()).map(|number| Some(number.to_string())).collect()
}

/// Runs `helm template` for a release, whose paths are relative to `root`.
fn run(root: &Path, planned: &Planned) -> Result<String, String> {
    let output = match program::run(&mut command(root, planned)?, LIMIT) {
        Ok(output) => output,
        Err(ProgramFailure::NotInstalled) => return Err("`helm` is not installed".to_owned()),
        Err(ProgramFailure::TimedOut) => return Err(format!("`helm` did not end within {} s", LIMIT.as_secs())),
        Err(ProgramFailure::Failed(error)) => return Err(format!("cannot run `helm`: {error}")),
    };
    if !output.is_success {
        return Err(first_lines(&String::from_utf8_lossy(&output.stderr)));
    }
    let is_short = |text: &String| u32::try_from(text.len()).is_ok();
    let text = String::from_utf8(output.stdout).map_err(|_| "the output of `helm` is not UTF-8".to_owned())?;
    Some(text).filter(is_short).ok_or_else(|| "the output of `helm` is larger than 4 GiB".to_owned())
}

/// The command. Nothing from a file can be an option, or lead Helm to the network.
fn command(root: &Path, planned: &Planned) -> Result<Command, String> {
    let Planned { release, name, values } = planned;
    if !is_release_name(name) {
        return Err(format!("`{}` is not a valid name of a release; set `release` in the configuration", plain(name)));
    }
    let mut command = Command::new("helm");
    command.current_dir(root);
    // Other debugging output would hide the error.
    command.env_remove("HELM_DEBUG").arg("template").arg(name).arg(local(Path::new(&release.chart.directory)));
    command.arg(format!("--namespace={}", release.namespace)).arg("--skip-tests");
    for file in values {
        if !root.join(file).is_file() {
            return Err(format!("the values file `{}` does not exist", file.display()));
        }
        let file = local(file);
        let text = file.to_str().ok_or_else(|| format!("the path `{}` is not UTF-8", file.display()))?;
        command.arg(format!("--values={}", in_list(text)));
    }
    for api in apis() {
        command.arg(format!("--api-versions={api}"));
    }
    Ok(command)
}

/// A path that cannot be read as an option or a URL.
fn local(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// A path as an item of a list with commas, which Helm reads as CSV.
fn in_list(path: &str) -> String {
    if path.contains([',', '"', '\n']) { format!("\"{}\"", path.replace('"', "\"\"")) } else { path.to_owned() }
}

/// The APIs of Istio and of the Gateway API, as charts ask for them: with and without the kind. Helm knows only those of
/// Kubernetes by itself.
fn apis() -> BTreeSet<String> {
    let is_extension = |kind: &&Kind| kinds::is_istio(kind.group()) || kind.group() == gateway_api::GROUP;
    let apis = Kind::ALL.iter().filter(is_extension).flat_map(|kind| {
        kind.versions().iter().flat_map(move |version| {
            let api = format!("{}/{version}", kind.group());
            [format!("{api}/{}", kind.name()), api]
        })
    });
    apis.collect()
}

/// Whether Helm accepts the name of a release.
fn is_release_name(name: &str) -> bool {
    let is_edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(is_edge)
            && bytes.last().is_some_and(is_edge)
            && bytes.iter().all(|byte| is_edge(byte) || *byte == b'-')
    };
    name.len() <= LONGEST_NAME && name.split('.').all(is_label)
}

/// The first lines of an error of Helm, as one line.
fn first_lines(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let start = lines.iter().position(|line| line.starts_with("Error:")).unwrap_or_default();
    let is_hint = |line: &&&str| line.starts_with("Use --debug flag");
    let shown: Vec<&str> = lines[start..].iter().filter(|line| !is_hint(line)).take(SHOWN_LINES).copied().collect();
    let message = plain(&shown.join(" "));
    match message.trim_start_matches("Error:").trim() {
        "" => "`helm` failed without a message".to_owned(),
        message => message.to_owned(),
    }
}

/// A text without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Vec<ChartSettings> {
        Config::parse(&format!("helm: {{charts: [{text}]}}")).unwrap().helm.charts
    }

    #[test]
    fn labels_distinguish_releases() {
        let labels = |text: &str| {
            let settings = settings(text);
            let labels = super::labels(&settings.iter().collect::<Vec<_>>());
            labels.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>()
        };
        assert_eq!(labels("{path: a, release: x}"), [""]);
        assert_eq!(labels("{path: a, release: x}, {path: a, release: y}"), ["x", "y"]);
        assert_eq!(labels("{path: a, release: x, namespace: m}, {path: a, release: x, namespace: n}"), ["m", "n"]);
        assert_eq!(
            labels("{path: a, values: [b/dev.yaml]}, {path: a, values: [b/prod.yaml, c.yaml]}"),
            ["dev", "prod+c"]
        );
        assert_eq!(labels("{path: a}, {path: a, values: [b.yaml]}"), ["1", "2"]);
    }

    #[test]
    fn names_of_releases_are_not_options() {
        for (name, expected) in [
            ("prod", true),
            ("a.b-2", true),
            ("", false),
            ("--post-renderer=./x", false),
            ("-a", false),
            ("a-", false),
            ("a..b", false),
            ("Prod", false),
            ("a/b", false),
        ] {
            assert_eq!(is_release_name(name), expected, "{name}");
        }
        assert!(is_release_name(&"a".repeat(53)) && !is_release_name(&"a".repeat(54)));
    }

    #[test]
    fn paths_are_local_and_one_item_of_a_list() {
        assert_eq!(local(Path::new("--output-dir")), Path::new("./--output-dir"));
        assert_eq!(local(Path::new("https:/a")), Path::new("./https:/a"));
        assert_eq!(in_list("./a.yaml"), "./a.yaml");
        assert_eq!(in_list("./a,\"b\".yaml"), "\"./a,\"\"b\"\".yaml\"");
    }

    #[test]
    fn errors_are_one_line() {
        let stderr = "walk.go:74: found symbolic link\nError: values don't meet the schema:\nweb:\n- image is required\n\n\
            Use --debug flag to render out invalid YAML\n";
        assert_eq!(first_lines(stderr), "values don't meet the schema: web: - image is required");
        assert_eq!(first_lines("Error: 1\n2\n3\n4\n5\n6\n7\n"), "1 2 3 4 5 6");
        assert_eq!(first_lines("Error: \x1b[31mred\n"), "[31mred");
        assert_eq!(first_lines("\n"), "`helm` failed without a message");
    }

    #[test]
    fn charts_can_ask_for_the_apis_of_istio() {
        let apis = apis();
        for api in ["networking.istio.io/v1", "networking.istio.io/v1beta1/VirtualService", "security.istio.io/v1"] {
            assert!(apis.contains(api), "{api}: {apis:?}");
        }
        assert!(apis.contains("gateway.networking.k8s.io/v1/HTTPRoute") && !apis.contains("apps/v1"));
    }
}
