//! `helm` in `.mesh.yaml`: which charts Helm renders, and how.

use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Whether Helm renders the charts among the manifests, and with which settings.
///
/// In the file it is a boolean, or a mapping with `charts`, which includes `true`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HelmSettings {
    /// Whether the charts are rendered.
    pub is_on: bool,
    /// How to install some of the charts. A chart with several entries is rendered several times. Those without an entry are
    /// rendered with their own values.
    pub charts: Vec<ChartSettings>,
}

/// How a chart is installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartSettings {
    /// The directory of the chart, relative to the configuration file.
    pub path: PathBuf,
    /// The name of the release. Default: the name of the chart.
    #[serde(default)]
    pub release: Option<String>,
    /// The namespace of the release. Default: that of the configuration.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Files with values, relative to the configuration file. Later files take precedence, and all over the chart's own.
    #[serde(default)]
    pub values: Vec<PathBuf>,
    /// Whether the chart is rendered. Default: `true`.
    #[serde(default = "enabled")]
    pub render: bool,
}

fn enabled() -> bool {
    true
}

impl<'de> Deserialize<'de> for HelmSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HelmVisitor)
    }
}

/// The form with `charts`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Charts {
    charts: Vec<ChartSettings>,
}

/// Accepts both forms. An untagged enumeration would not say which key is wrong.
struct HelmVisitor;

impl<'de> Visitor<'de> for HelmVisitor {
    type Value = HelmSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false`, or a mapping with `charts`")
    }

    fn visit_bool<E>(self, is_on: bool) -> Result<HelmSettings, E> {
        Ok(HelmSettings { is_on, charts: Vec::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HelmSettings, A::Error> {
        let Charts { charts } = Charts::deserialize(MapAccessDeserializer::new(map))?;
        Ok(HelmSettings { is_on: true, charts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn helm(text: &str) -> HelmSettings {
        Config::parse(text).unwrap().helm
    }

    #[test]
    fn charts_turn_helm_on() {
        assert!(!helm("").is_on && !helm("helm: false\n").is_on && helm("helm: true\n").is_on);
        let settings = helm("helm:\n  charts:\n  - path: charts/a\n    release: prod\n    values: [a.yaml, b.yaml]\n");
        assert!(settings.is_on);
        let expected = ChartSettings {
            path: "charts/a".into(),
            release: Some("prod".to_owned()),
            namespace: None,
            values: vec!["a.yaml".into(), "b.yaml".into()],
            render: true,
        };
        assert_eq!(settings.charts, [expected]);
    }

    #[test]
    fn mistakes_are_errors_with_their_place() {
        let error = |text| Config::parse(text).unwrap_err();
        assert_eq!(
            error("helm:\n  charts:\n  - path: a\n    relese: b\n"),
            "line 4: `helm.charts[0]` does not have a key `relese`"
        );
        assert_eq!(
            error("helm: 3\n"),
            "line 1: `helm` is a number, but must be `true` or `false`, or a mapping with `charts`"
        );
        assert_eq!(error("helm: {chart: []}\n"), "line 1: `helm` does not have a key `chart`");
    }
}
