//! Arguments of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::simulate::args::Simulate;
use super::{check, diff, init, lint, reach, shell, test};
use crate::config::InventoryMode;
use crate::lint::Severity;

/// Lint, simulate, compare and verify Istio configuration without a cluster.
#[derive(Debug, Parser)]
#[command(name = "mesh", version, max_term_width = 80)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of all commands.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Configuration file [default: .mesh.yaml in the working directory or the nearest parent]
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Ignore configuration files
    #[arg(long, global = true)]
    pub no_config: bool,
    /// When to use colors
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Options of the commands that read manifests.
#[derive(Debug, clap::Args)]
pub struct InputArgs {
    /// Read all files, including those that .gitignore or .ignore exclude, and directories such as node_modules
    #[arg(long)]
    pub no_ignore: bool,
    /// Render Helm charts with the installed helm
    #[arg(long)]
    pub helm: bool,
    /// Use only this mesh, or the meshes that match this pattern (repeatable) [default: all]
    #[arg(long, value_name = "NAME")]
    pub mesh: Vec<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check manifests for mistakes
    Lint(lint::args::Lint),
    /// Show where requests go, and why
    Simulate(Box<Simulate>),
    /// Show which requests a change treats differently
    Diff(diff::args::Diff),
    /// Show which requests arrive at a destination
    Reach(reach::args::Reach),
    /// Verify invariants for all requests
    Check(check::args::Check),
    /// Run test cases for routes
    Test(test::args::Test),
    /// List the meshes: the sets of manifests that are applied together
    Meshes(Meshes),
    /// Write a configuration file to start with
    Init(init::Init),
    /// List all rules
    Rules(Rules),
    /// Show the documentation of a rule
    Explain(Explain),
    /// Print a script for completions of a shell
    Completions(shell::Completions),
    /// Write the manual pages
    Man(shell::Man),
}

/// Whether the manifests are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InventoryArg {
    /// The manifests are complete: report references to resources that they do not define
    Complete,
    /// The manifests are incomplete: do not check references to resources that they do not define
    Partial,
}

impl InventoryArg {
    /// The corresponding setting of the configuration.
    pub fn mode(self) -> InventoryMode {
        match self {
            Self::Complete => InventoryMode::Complete,
            Self::Partial => InventoryMode::Partial,
        }
    }
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
}

/// A threshold for severities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// All findings
    Info,
}

impl Threshold {
    /// The lowest severity that reaches the threshold.
    pub fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Info => Severity::Info,
        }
    }
}

/// List the meshes.
#[derive(Debug, clap::Args)]
pub struct Meshes {
    /// Files, directories, or - for standard input [default: `manifests` of the configuration, or .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// List all rules.
#[derive(Debug, clap::Args)]
pub struct Rules {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Show the documentation of a rule.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Name of the rule, or an alias such as IST0109 or KIA1106
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// Output format [default: text on a terminal, else markdown]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<PageFormat>,
}

/// An output format of `mesh explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// Text for people
    Text,
    /// Markdown, as the page is written
    Markdown,
}
