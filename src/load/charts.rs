//! The templates of Helm charts: the files below `templates/`, beside a `Chart.yaml`.

use std::collections::BTreeSet;

use crate::source::{FileId, Sources};

/// The files that are templates of a chart among the manifests. They are not YAML, even if some can be read as YAML.
pub(super) fn templates(sources: &Sources) -> BTreeSet<FileId> {
    const CHART: &str = "Chart.yaml";
    let directory =
        |path: &str| path.strip_suffix(CHART).filter(|it| it.is_empty() || it.ends_with('/')).map(str::to_owned);
    let charts: BTreeSet<String> = sources.iter().filter_map(|(_, file)| directory(file.path())).collect();
    let is_template = |path: &str| {
        let mut directories = path.match_indices("templates/").map(|(at, _)| &path[..at]);
        !charts.is_empty() && directories.any(|directory| charts.contains(directory))
    };
    sources.iter().filter(|(_, file)| is_template(file.path())).map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_templates_of_a_chart() {
        let mut sources = Sources::default();
        let paths = [
            ("charts/web/Chart.yaml", false),
            ("charts/web/values.yaml", false),
            ("charts/web/templates/service.yaml", true),
            ("charts/web/templates/tests/pod.yaml", true),
            ("charts/web/crds/crd.yaml", false),
            ("charts/webtemplates/a.yaml", false),
            ("templates/a.yaml", false),
            ("other/templates/a.yaml", false),
        ];
        let ids: Vec<_> = paths.iter().map(|(path, _)| sources.add(*path, "")).collect();
        let templates = templates(&sources);
        for (id, (path, expected)) in ids.iter().zip(paths) {
            assert_eq!(templates.contains(id), expected, "{path}");
        }
        sources.add("Chart.yaml", "");
        assert!(super::templates(&sources).contains(&ids[6]));
    }
}
