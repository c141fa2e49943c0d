//! The options of `mesh check`.

use std::path::PathBuf;

use crate::cli::args::{Format, InputArgs};

/// Verify invariants for all requests.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Files of invariants [default: `check` of the configuration, or mesh-check.yaml]
    #[arg(value_name = "INVARIANTS")]
    pub invariants: Vec<PathBuf>,
    /// Manifests: a file, a directory, or - for standard input (repeatable) [default: `manifests` of the configuration, or
    /// .]
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Exit with status 1 also if an invariant is undecided
    #[arg(long)]
    pub strict: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Print a curl command for each request that breaks an invariant
    #[arg(long)]
    pub curl: bool,
}
