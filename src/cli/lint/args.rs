//! Arguments of `mesh lint`.

use std::path::PathBuf;

use super::baseline::BaselineArgs;
use super::fix::FixArgs;
use super::output::OutputArgs;
use super::selection::SelectionArgs;
use crate::cli::args::{InputArgs, InventoryArg, Threshold};

/// Check manifests for mistakes.
#[derive(Debug, clap::Args)]
pub struct Lint {
    /// Files, directories, or - for standard input [default: `manifests` of the configuration, or .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Lowest severity that text output shows, of those that are reported [default: infos are hidden if there are errors, or more than 10 infos]
    #[arg(long, value_name = "SEVERITY")]
    pub show: Option<Threshold>,
    /// Print only findings, each on a line
    #[arg(short, long, conflicts_with = "statistics")]
    pub quiet: bool,
    /// Print a table of rules and their numbers of findings, instead of the findings
    #[arg(long)]
    pub statistics: bool,
    /// Print on standard error what was read, the meshes, and what was skipped
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Lowest severity that makes the exit status 1 [default: `failOn` of the configuration, or error]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Threshold>,
    /// Make the exit status 1 if the manifests do not decide a check
    #[arg(long)]
    pub fail_on_unchecked: bool,
    /// Exit with status 0 even if there are findings
    #[arg(long)]
    pub exit_zero: bool,
    /// Succeed if there are no manifests
    #[arg(long)]
    pub allow_empty: bool,
    /// Name of standard input in findings
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stdin_filename: Option<String>,
    /// Whether the manifests define everything that they refer to [default: decided for each namespace]
    #[arg(long, value_name = "EXTENT")]
    pub inventory: Option<InventoryArg>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub baseline: BaselineArgs,
    #[command(flatten)]
    pub fixes: FixArgs,
}
