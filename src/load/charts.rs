//! The Helm charts among the files: directories with a `Chart.yaml`. Their templates, values and CRDs are not manifests.

use std::collections::BTreeMap;

use super::Template;
use super::decode::FileContents;
use crate::source::{FileId, Sources, path};
use crate::yaml::{self, Node};

/// The file that makes a directory a chart.
const CHART: &str = "Chart.yaml";

/// A chart that can be installed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The directory, as output shows it; empty for the working directory.
    pub directory: String,
    /// The name in `Chart.yaml`, or else that of the directory.
    pub name: String,
}

/// The results of rendering charts.
#[derive(Debug, Default)]
pub struct RenderedCharts {
    /// The output of Helm, for each release of each chart.
    pub releases: Vec<(ChartRelease, String)>,
    /// The charts that could not be rendered.
    pub failures: Vec<ChartFailure>,
}

/// A chart, as it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartRelease {
    /// The chart.
    pub chart: Chart,
    /// The difference to other releases of the chart, such as the name of the release. `None` if it is the only one.
    pub label: Option<String>,
    /// The namespace that it is rendered for.
    pub namespace: String,
    /// Whether nobody says that it is installed in that namespace.
    pub is_namespace_assumed: bool,
}

/// The reason why a release of a chart is not rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartFailure {
    /// The directory of the chart.
    pub directory: String,
    /// The reason.
    pub reason: String,
}

impl ChartRelease {
    /// The path that output shows for the rendered text.
    pub(super) fn shown(&self) -> String {
        let name = match &self.label {
            Some(label) => format!("<helm template {}>", label.replace('/', "-")),
            None => "<helm template>".to_owned(),
        };
        path::join(&self.chart.directory, &name)
    }

    /// The output of Helm with the paths of templates as they are here. Helm starts them with the name of the chart.
    pub(super) fn with_paths(&self, text: &str) -> String {
        let written = format!("# Source: {}/", self.chart.name);
        let here = match self.chart.directory.as_str() {
            "" => "# Source: ".to_owned(),
            directory => format!("# Source: {directory}/"),
        };
        let line =
            |line: &str| line.strip_prefix(&written).map_or_else(|| line.to_owned(), |rest| format!("{here}{rest}"));
        text.split_inclusive('\n').map(line).collect()
    }
}

/// The charts among the files, by their directories.
#[derive(Debug, Default)]
pub(super) struct Charts {
    by_directory: BTreeMap<String, FoundChart>,
}

#[derive(Debug)]
struct FoundChart {
    name: String,
    /// Whether the chart only has definitions for other charts.
    is_library: bool,
    /// Whether Helm has rendered it.
    is_rendered: bool,
    /// Whether something of it may be missing: it was not rendered for all releases.
    is_partial: bool,
}

/// The part of a chart that a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'c> {
    /// A template that is not rendered.
    Template,
    /// `Chart.yaml` of a chart that is not rendered, at least not for all releases.
    Partial(&'c str),
    /// Another file that is not a manifest.
    Other,
}

impl Charts {
    /// Finds the charts among some texts, which have the paths that output shows.
    pub fn find<'t>(texts: impl Iterator<Item = (&'t str, &'t str)>) -> Self {
        let mut charts = Self::default();
        for (shown, text) in texts {
            if is_named(shown, CHART) {
                let directory = path::directory(shown);
                charts.by_directory.insert(directory.to_owned(), FoundChart::read(directory, text));
            }
        }
        charts
    }

    /// The charts that can be installed by themselves: not the subcharts of others, and not libraries.
    pub fn installable(&self) -> Vec<Chart> {
        let found = self.by_directory.iter().filter(|(directory, chart)| self.is_installable(directory, chart));
        found.map(|(directory, chart)| Chart { directory: directory.clone(), name: chart.name.clone() }).collect()
    }

    fn is_installable(&self, directory: &str, chart: &FoundChart) -> bool {
        !chart.is_library && self.parent(directory).is_none()
    }

    /// The directory of the chart that has a chart as its subchart, in `charts`.
    fn parent(&self, directory: &str) -> Option<&str> {
        let charts = Some(path::directory(directory)).filter(|it| *it != directory && is_named(it, "charts"))?;
        self.by_directory.get_key_value(path::directory(charts)).map(|(parent, _)| parent.as_str())
    }

    /// Notes the charts that Helm has rendered.
    pub fn note<'r>(&mut self, releases: impl Iterator<Item = &'r ChartRelease>, failures: &[ChartFailure]) {
        for release in releases {
            if let Some(chart) = self.by_directory.get_mut(&release.chart.directory) {
                chart.is_rendered = true;
                chart.is_partial = false;
            }
        }
        for failure in failures {
            if let Some(chart) = self.by_directory.get_mut(&failure.directory) {
                chart.is_partial = true;
            }
        }
    }

    /// The contents of a file, if it is a part of a chart.
    pub fn contents(&self, sources: &Sources, file: FileId) -> Option<FileContents> {
        Some(match self.part(sources.file(file).path())? {
            Part::Template => FileContents::template(sources, file, Template::Helm),
            Part::Partial(directory) => FileContents { charts: vec![directory.to_owned()], ..FileContents::default() },
            Part::Other => FileContents::default(),
        })
    }

    /// Whether a file is a part of a chart that has no influence on any mesh.
    pub fn is_silent(&self, shown: &str) -> bool {
        self.part(shown) == Some(Part::Other)
    }

    /// Whether a file is a template of a chart.
    pub fn is_template(&self, shown: &str) -> bool {
        self.chart_of(shown).is_some_and(|(_, inside)| inside.starts_with("templates/"))
    }

    fn part(&self, shown: &str) -> Option<Part<'_>> {
        let (directory, inside) = self.chart_of(shown)?;
        let chart = &self.by_directory[directory];
        let top = self.top(directory);
        let top_chart = &self.by_directory[top];
        match inside {
            _ if inside.starts_with("templates/") => {
                let is_rendered = top_chart.is_rendered || chart.is_library;
                Some(if is_rendered { Part::Other } else { Part::Template })
            }
            CHART if top == directory && top_chart.is_partial && !chart.is_library => Some(Part::Partial(directory)),
            CHART | "requirements.yaml" => Some(Part::Other),
            _ if inside.starts_with("crds/") => Some(Part::Other),
            _ if inside.starts_with("values") && !inside.contains('/') => Some(Part::Other),
            _ => None,
        }
    }

    /// The directory of the innermost chart that contains a file, and the path of the file in it.
    fn chart_of<'p>(&self, shown: &'p str) -> Option<(&str, &'p str)> {
        if self.by_directory.is_empty() {
            return None;
        }
        let mut directory = path::directory(shown);
        loop {
            if let Some((known, _)) = self.by_directory.get_key_value(directory) {
                return Some((known, shown[directory.len()..].trim_start_matches('/')));
            }
            directory = Some(path::directory(directory)).filter(|parent| *parent != directory)?;
        }
    }

    /// The directory of the chart that has a chart as its subchart, at any depth.
    fn top<'c>(&'c self, directory: &'c str) -> &'c str {
        let mut top = directory;
        while let Some(parent) = self.parent(top) {
            top = parent;
        }
        top
    }
}

impl FoundChart {
    /// Reads a `Chart.yaml`. Helm reports its mistakes.
    fn read(directory: &str, text: &str) -> Self {
        let file = Sources::default().add(CHART, "");
        let document = yaml::split(file, text).first().map(|chunk| yaml::parse(chunk, text));
        let root = document.and_then(|document| document.root);
        let field = |name| root.as_ref().and_then(|root| root.get(name)).and_then(Node::as_str);
        let of_directory = directory.rsplit('/').next().unwrap_or_default();
        Self {
            name: field("name").unwrap_or(of_directory).to_owned(),
            is_library: field("type") == Some("library"),
            is_rendered: false,
            is_partial: true,
        }
    }
}

/// Whether the last part of a path is a name.
fn is_named(shown: &str, name: &str) -> bool {
    shown.rsplit('/').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: [(&str, &str); 7] = [
        ("charts/web/Chart.yaml", "name: site\n"),
        ("charts/web/charts/cache/Chart.yaml", "name: cache\n"),
        ("charts/web/charts/cache/templates/a.yaml", ""),
        ("charts/web/templates/tests/pod.yaml", ""),
        ("charts/web/values-prod.yaml", ""),
        ("charts/shared/Chart.yaml", "{type: library}\n"),
        ("charts/shared/templates/a.yaml", ""),
    ];

    fn chart() -> Chart {
        Chart { directory: "charts/web".to_owned(), name: "site".to_owned() }
    }

    fn release() -> ChartRelease {
        ChartRelease { chart: chart(), label: None, namespace: "shop".to_owned(), is_namespace_assumed: false }
    }

    #[test]
    fn subcharts_and_libraries_are_not_installed() {
        let charts = Charts::find(WEB.into_iter());
        assert_eq!(charts.installable(), [chart()]);
        // A directory `charts` is not special by itself.
        let alone = Charts::find([("charts/a/Chart.yaml", "")].into_iter());
        assert_eq!(alone.installable(), [Chart { directory: "charts/a".to_owned(), name: "a".to_owned() }]);
        let at_root = Charts::find([("Chart.yaml", "name: a\n"), ("charts/b/Chart.yaml", "")].into_iter());
        assert_eq!(at_root.installable(), [Chart { directory: String::new(), name: "a".to_owned() }]);
    }

    #[test]
    fn files_are_parts_of_charts() {
        let mut charts = Charts::find(WEB.into_iter());
        let parts = [
            ("charts/web/Chart.yaml", Some(Part::Partial("charts/web"))),
            ("charts/web/values.yaml", Some(Part::Other)),
            ("charts/web/values-prod.yaml", Some(Part::Other)),
            ("charts/web/templates/service.yaml", Some(Part::Template)),
            ("charts/web/templates/tests/pod.yaml", Some(Part::Template)),
            ("charts/web/charts/cache/templates/a.yaml", Some(Part::Template)),
            ("charts/web/charts/cache/Chart.yaml", Some(Part::Other)),
            ("charts/web/crds/crd.yaml", Some(Part::Other)),
            ("charts/web/deploy/a.yaml", None),
            ("charts/webtemplates/a.yaml", None),
            ("charts/shared/Chart.yaml", Some(Part::Other)),
            ("charts/shared/templates/a.yaml", Some(Part::Other)),
            ("templates/a.yaml", None),
            ("other/templates/a.yaml", None),
        ];
        for (path, expected) in parts {
            assert_eq!(charts.part(path), expected, "{path}");
        }
        charts.note([release()].iter(), &[]);
        for path in ["charts/web/Chart.yaml", "charts/web/templates/a.yaml", "charts/web/charts/cache/templates/a.yaml"]
        {
            assert_eq!(charts.part(path), Some(Part::Other), "{path}");
        }
        let failure = ChartFailure { directory: "charts/web".to_owned(), reason: "it is broken".to_owned() };
        charts.note([release()].iter(), &[failure]);
        assert_eq!(charts.part("charts/web/Chart.yaml"), Some(Part::Partial("charts/web")));
        assert_eq!(charts.part("charts/web/templates/a.yaml"), Some(Part::Other));
    }

    #[test]
    fn rendered_text_names_the_templates_on_disk() {
        let text = "---\n# Source: site/templates/a.yaml\na: |\n  # Source: site/b\n# Source: sites/c\n";
        let expected = "---\n# Source: charts/web/templates/a.yaml\na: |\n  # Source: site/b\n# Source: sites/c\n";
        assert_eq!(release().with_paths(text), expected);
        assert_eq!(release().shown(), "charts/web/<helm template>");
        let mut prod = ChartRelease { label: Some("prod".to_owned()), ..release() };
        assert_eq!(prod.shown(), "charts/web/<helm template prod>");
        prod.chart.directory.clear();
        assert_eq!(prod.shown(), "<helm template prod>");
        assert_eq!(prod.with_paths("# Source: site/templates/a.yaml"), "# Source: templates/a.yaml");
    }
}
