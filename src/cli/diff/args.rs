//! The options of `mesh diff`.

use std::path::PathBuf;

use crate::cli::args::{Format, InputArgs};

/// Show which requests a change treats differently.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// Old manifests: a directory, a file, or a git revision with a path, such as main:manifests
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// New manifests
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    #[command(flatten)]
    pub input: InputArgs,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Exit with status 1 if requests are treated differently
    #[arg(long)]
    pub exit_code: bool,
}
