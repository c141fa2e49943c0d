//! `.mesh.yaml`: the user's settings. This module does not depend on rules and resources.

mod date;
mod decode;
mod discovery;
mod file;
mod helm;
mod inventory;
mod keys;
mod patterns;
mod problem;
mod schema;
mod shape;
mod template;
#[cfg(test)]
mod tests;

pub use date::Date;
pub use discovery::{BASELINE_NAME, FILE_NAMES, discover};
pub use file::{ConfigFile, ConfigText};
pub use helm::{ChartSettings, HelmSettings};
pub use inventory::{InventoryMode, InventorySetting};
pub use patterns::{NamePattern, PathPatterns};
pub use problem::{ConfigProblem, ConfigProblemKind};
pub use schema::schema;
pub use template::{Suggestion, template};

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::source::FileId;

/// The settings of a project. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// The paths to read if a command names none, relative to the file.
    pub manifests: Vec<PathBuf>,
    /// Patterns of the files and directories that are not read, relative to the file.
    pub exclude: Vec<String>,
    /// The namespace of manifests that name none. Default: `default`.
    pub namespace: Option<String>,
    /// Mesh-wide settings.
    pub mesh: MeshSettings,
    /// Whether the manifests are complete. Default: decided for each namespace.
    pub inventory: Option<InventorySetting>,
    /// Hosts and Services that exist outside of the manifests.
    pub known: Known,
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
    /// The only rules, families, findings or aliases that are reported. Default: all.
    pub select: Option<Vec<String>>,
    /// Rules, families, findings or aliases that are not reported.
    pub ignore: Vec<String>,
    /// The levels of rules, by their names, families or aliases.
    pub rules: BTreeMap<String, Level>,
    /// Levels for some of the files. If several apply to a file, the last one counts.
    pub overrides: Vec<LevelOverride>,
    /// Findings that are accepted.
    pub suppress: Vec<Suppression>,
    /// The lowest severity that is reported and counted. Default: all.
    pub min_severity: Option<Threshold>,
    /// The lowest severity that makes the exit status 1. Default: [`Threshold::Error`].
    pub fail_on: Option<Threshold>,
    /// Whether a check that the manifests do not decide makes the exit status 1.
    pub fail_on_unchecked: bool,
}

/// Hosts and Services that exist outside of the manifests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Known {
    /// Hosts that other ServiceEntries define: names, or `*.` and a domain.
    pub hosts: Vec<String>,
    /// The names of Services, by namespace.
    pub services: BTreeMap<String, Vec<String>>,
}

/// Findings that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suppression {
    /// The names, families or aliases of rules, or findings of them.
    pub rules: Vec<String>,
    /// A pattern of the kinds of resources. Default: all.
    #[serde(default)]
    pub kind: Option<String>,
    /// A pattern of the namespaces of resources. Default: all.
    #[serde(default)]
    pub namespace: Option<String>,
    /// A pattern of the names of resources. Default: all.
    #[serde(default)]
    pub name: Option<String>,
    /// Patterns of the files, relative to the configuration file. Default: all.
    #[serde(default)]
    pub paths: Vec<String>,
    /// The reason, for readers.
    pub reason: String,
    /// The last day on which the entry applies. Default: no end.
    #[serde(default)]
    pub until: Option<Date>,
}

/// The lowest severity that counts for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Threshold {
    /// All findings.
    Info,
    /// Warnings and errors.
    Warning,
    /// Errors only.
    Error,
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
    pub inventory: Option<InventorySetting>,
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
    /// Reads the text of a configuration file. An empty text sets nothing.
    ///
    /// # Errors
    ///
    /// If the text is not YAML, or has a mistake.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file = ConfigFile::parse(FileId::default(), text)?;
        match file.problems.as_slice() {
            [] => Ok(file.config),
            [problem, ..] => {
                let line = text[..problem.span.range().start].matches('\n').count() + 1;
                Err(format!("line {line}: {}", problem.message))
            }
        }
    }
}
