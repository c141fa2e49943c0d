//! `.mesh.yaml`: what the user says about the mesh and the manifests. It knows no rule and no resource.

mod discovery;

pub use discovery::{FILE_NAME, discover};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The settings of a project. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// The paths to read when a command names none, relative to the file.
    pub manifests: Vec<PathBuf>,
    /// The namespace of manifests that name none. Default: `default`.
    pub namespace: Option<String>,
    /// What is set for the whole mesh.
    pub mesh: Mesh,
    /// Whether the manifests are all there is. Default: decided for each namespace.
    pub inventory: Option<InventoryMode>,
    /// The levels of rules, by their names or aliases.
    pub rules: BTreeMap<String, Level>,
    /// Other levels for some of the files. Of several that apply the last one counts.
    pub overrides: Vec<Override>,
}

/// Levels for some of the files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Override {
    /// Which files: glob patterns, relative to the configuration file.
    pub paths: Vec<String>,
    /// The levels, by the names or aliases of rules.
    pub rules: BTreeMap<String, Level>,
}

/// What the findings of a rule count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// They are dropped.
    Off,
    /// They are worth knowing.
    Info,
    /// They are warnings.
    Warning,
    /// They are errors.
    Error,
}

/// What the manifests can be expected to hold completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InventoryMode {
    /// Everything: what is not among them does not exist.
    Complete,
    /// Nothing: what is not among them may exist elsewhere.
    Partial,
}

/// Mesh-wide settings, by their names in MeshConfig. A MeshConfig among the manifests goes before them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Mesh {
    /// The cluster's DNS domain. Default: `cluster.local`.
    pub domain: Option<String>,
    /// The namespace whose resources apply to all. Default: `istio-system`.
    pub root_namespace: Option<String>,
    /// The trust domain of the mesh's identities. Default: `cluster.local`.
    pub trust_domain: Option<String>,
    /// Other trust domains that count as the mesh's own. Default: none.
    pub trust_domain_aliases: Option<Vec<String>>,
    /// What happens to requests for unknown destinations. Default: `ALLOW_ANY`.
    pub outbound_traffic_policy: Option<OutboundTrafficPolicy>,
    /// Who sees Services and ServiceEntries that do not say. Default: `*`.
    pub default_service_export_to: Option<Vec<String>>,
    /// Who sees VirtualServices that do not say. Default: `*`.
    pub default_virtual_service_export_to: Option<Vec<String>>,
    /// Who sees DestinationRules that do not say. Default: `*`.
    pub default_destination_rule_export_to: Option<Vec<String>>,
}

/// What happens to requests for unknown destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundTrafficPolicy {
    /// The mode.
    pub mode: OutboundMode,
}

/// Whether unknown destinations can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutboundMode {
    /// No.
    RegistryOnly,
    /// Yes, at the address that the client dialled.
    AllowAny,
    /// Yes, at the address that the proxy finds for the host.
    AllowAnyDynamicDns,
}

impl Config {
    /// Reads a file. The error says what is wrong and in which line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| describe(path, &error))
    }

    /// Reads a text. An empty one is a configuration without settings.
    pub fn parse(text: &str) -> Result<Self, serde_yaml::Error> {
        Ok(serde_yaml::from_str::<Option<Self>>(text)?.unwrap_or_default())
    }
}

/// The error with its file and line. The reader leaves the line out where it is the first.
fn describe(path: &Path, error: &serde_yaml::Error) -> String {
    let message = error.to_string();
    match error.location() {
        Some(location) if !message.contains(" line ") => {
            format!("{}: {message} at line {} column {}", path.display(), location.line(), location.column())
        }
        _ => format!("{}: {message}", path.display()),
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
