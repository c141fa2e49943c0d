//! What the command line takes.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::InventoryMode;
use crate::lint::Severity;

/// Lint and simulate Istio configuration, without a cluster.
#[derive(Debug, Parser)]
#[command(name = "mesh", version, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of all commands.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Use this configuration file [default: the nearest .mesh.yaml from here upwards]
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Ignore configuration files
    #[arg(long, global = true)]
    pub no_config: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find mistakes in manifests
    Lint(Lint),
    /// Say where requests go
    Simulate(Box<Simulate>),
    /// List all rules
    Rules(Rules),
    /// Explain a rule
    Explain(Explain),
}

/// Find mistakes in manifests.
#[derive(Debug, clap::Args)]
pub struct Lint {
    /// Files, directories, or - for standard input [default: the configured manifests, else .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read manifests that are ignored, too: by .gitignore, by .ignore, or in directories such as node_modules
    #[arg(long)]
    pub no_ignore: bool,
    /// How to write the findings
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// From which severity on to exit with status 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// What to make of references to what is not among the manifests [default: decided for each namespace]
    #[arg(long, value_name = "EXTENT")]
    pub inventory: Option<Inventory>,
}

/// What the manifests hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Inventory {
    /// The manifests are all there is: what they do not hold is missing
    Complete,
    /// They are a part of it: what they do not hold is not checked
    Partial,
}

impl Inventory {
    /// The same in the configuration.
    pub fn mode(self) -> InventoryMode {
        match self {
            Self::Complete => InventoryMode::Complete,
            Self::Partial => InventoryMode::Partial,
        }
    }
}

/// Say where requests go.
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// Where the request goes, such as http://reviews:9080/path [default: every host that a VirtualService defines]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// Manifests: files, directories, or - for standard input [default: the configured manifests, else .]
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    /// Read manifests that are ignored, too: by .gitignore, by .ignore, or in directories such as node_modules
    #[arg(long)]
    pub no_ignore: bool,
    /// A header of the request; can be repeated
    #[arg(long, value_name = "NAME=VALUE", visible_short_alias = 'H')]
    pub header: Vec<String>,
    /// The method [default: GET]
    #[arg(long, value_name = "METHOD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub method: Option<String>,
    /// The port that the client dials [default: the one in the URL, else that of the service, else 80]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u32).range(1..=65535))]
    pub port: Option<u32>,
    /// The namespace of the client [default: that of the destination]
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "gateway")]
    pub from: Option<String>,
    /// A label of the client; can be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "gateway")]
    pub from_label: Vec<String>,
    /// The service account of the client [default: default]
    #[arg(long, value_name = "NAME", conflicts_with = "gateway")]
    pub from_account: Option<String>,
    /// Ask the sidecar of the server instead: the namespace of the workload that the request arrives at
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "gateway")]
    pub to: Option<String>,
    /// A label of that workload; can be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "gateway")]
    pub to_label: Vec<String>,
    /// The client shows a certificate of the mesh, which proves its namespace and service account
    #[arg(long)]
    pub mtls: bool,
    /// Come in by this Gateway instead of from a workload of the mesh
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub gateway: Option<String>,
    /// Show which rules were considered, and why they did not match
    #[arg(long)]
    pub trace: bool,
    /// Answer the requests of this file, one on each line as JSON; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "header", "method", "port", "from", "from_label", "from_account", "to", "to_label", "mtls", "gateway", "trace"])]
    pub requests: Option<PathBuf>,
    /// How to write the answers
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Exit with status 1 if a request has no route
    #[arg(long)]
    pub expect: bool,
}

/// How to write results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A threshold of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// All findings
    Info,
}

impl FailOn {
    /// The lowest severity that counts.
    pub fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Info => Severity::Info,
        }
    }
}

/// List all rules.
#[derive(Debug, clap::Args)]
pub struct Rules {
    /// How to write the list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Explain a rule.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The rule's name, or an alias such as IST0109 or KIA1106
    #[arg(value_name = "RULE")]
    pub rule: String,
}
