//! `.mesh.yaml`: the user's settings. This module does not depend on rules and resources.

mod discovery;
mod helm;

pub use discovery::{BASELINE_NAME, FILE_NAME, discover};
pub use helm::{ChartSettings, HelmSettings};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The settings of a project. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// The paths to read if a command names none, relative to the file.
    pub manifests: Vec<PathBuf>,
    /// The namespace of manifests that name none. Default: `default`.
    pub namespace: Option<String>,
    /// Mesh-wide settings.
    pub mesh: MeshSettings,
    /// Whether the manifests are complete. Default: decided for each namespace.
    pub inventory: Option<InventoryMode>,
    /// The sets of manifests that are applied together. Default: found in the manifests.
    pub meshes: Vec<MeshDeclaration>,
    /// Whether the charts among the manifests are rendered, and how. Default: they are not.
    pub helm: HelmSettings,
    /// The files of invariants that `mesh check` verifies if it names none, relative to the file.
    pub check: Vec<PathBuf>,
    /// The files and directories of cases that `mesh test` runs if it names none, relative to the file.
    pub tests: Vec<PathBuf>,
    /// The baseline of `mesh lint`, relative to the file.
    pub baseline: Option<PathBuf>,
    /// The levels of rules, by their names or aliases.
    pub rules: BTreeMap<String, Level>,
    /// Levels for some of the files. If several apply to a file, the last one counts.
    pub overrides: Vec<LevelOverride>,
}

/// A set of manifests that are applied together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MeshDeclaration {
    /// The name, for output and for `--mesh`.
    pub name: String,
    /// The files and directories, relative to the configuration file. Several meshes can share some.
    pub paths: Vec<PathBuf>,
    /// The namespace of manifests that name none. Default: that of the configuration.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Whether the manifests are complete. Default: that of the configuration.
    #[serde(default)]
    pub inventory: Option<InventoryMode>,
}

/// Levels for some of the files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LevelOverride {
    /// Glob patterns of the files, relative to the configuration file.
    pub paths: Vec<String>,
    /// The levels, by the names or aliases of rules.
    pub rules: BTreeMap<String, Level>,
}

/// The level of a rule's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Findings are dropped.
    Off,
    /// Findings are infos.
    Info,
    /// Findings are warnings.
    Warning,
    /// Findings are errors.
    Error,
}

/// Whether the manifests are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InventoryMode {
    /// The manifests are complete: a resource that they do not define does not exist.
    Complete,
    /// The manifests are a part: a resource that they do not define may exist elsewhere.
    Partial,
}

/// Mesh-wide settings, named as in MeshConfig. A MeshConfig among the manifests takes precedence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MeshSettings {
    /// The cluster's DNS domain. Default: `cluster.local`.
    pub domain: Option<String>,
    /// The namespace whose resources apply to all namespaces. Default: `istio-system`.
    pub root_namespace: Option<String>,
    /// The trust domain of the mesh's identities. Default: `cluster.local`.
    pub trust_domain: Option<String>,
    /// Trust domains that are equivalent to `trust_domain`. Default: none.
    pub trust_domain_aliases: Option<Vec<String>>,
    /// The policy for requests to unknown destinations. Default: `ALLOW_ANY`.
    pub outbound_traffic_policy: Option<OutboundSettings>,
    /// `exportTo` of Services and ServiceEntries that do not set it. Default: `*`.
    pub default_service_export_to: Option<Vec<String>>,
    /// `exportTo` of VirtualServices that do not set it. Default: `*`.
    pub default_virtual_service_export_to: Option<Vec<String>>,
    /// `exportTo` of DestinationRules that do not set it. Default: `*`.
    pub default_destination_rule_export_to: Option<Vec<String>>,
}

/// The policy for requests to unknown destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSettings {
    /// The mode.
    pub mode: OutboundMode,
}

/// Whether clients can reach unknown destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutboundMode {
    /// They cannot.
    RegistryOnly,
    /// They can, at the address that the client dials.
    AllowAny,
    /// They can, at the address that the proxy resolves for the host.
    AllowAnyDynamicDns,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a valid configuration. The message names the file and the line.
    pub fn read(path: &Path) -> Result<Self, String> {
        Self::read_as(path, &path.display().to_string())
    }

    /// Reads a configuration file for which messages show another path.
    ///
    /// # Errors
    ///
    /// Like [`Self::read`].
    pub fn read_as(path: &Path, shown: &str) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        Self::parse(&text).map_err(|error| describe(shown, &error))
    }

    /// Reads the text of a configuration file. An empty text sets nothing.
    ///
    /// # Errors
    ///
    /// If the text is not a valid configuration.
    pub fn parse(text: &str) -> Result<Self, serde_yaml::Error> {
        Ok(serde_yaml::from_str::<Option<Self>>(text)?.unwrap_or_default())
    }
}

/// An error with its file and line. The reader omits the line if it is the first.
fn describe(shown: &str, error: &serde_yaml::Error) -> String {
    let message = error.to_string();
    match error.location() {
        Some(location) if !message.contains(" line ") => {
            format!("{shown}: {message} at line {} column {}", location.line(), location.column())
        }
        _ => format!("{shown}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_sets_nothing() {
        assert_eq!(Config::parse("# nothing\n").unwrap(), Config::default());
    }

    #[test]
    fn a_misspelt_setting_is_an_error_with_its_line() {
        let error = Config::parse("mesh:\n  rootNamspace: infra\n").unwrap_err().to_string();
        assert!(error.contains("rootNamspace") && error.contains("line 2"), "{error}");
    }
}
