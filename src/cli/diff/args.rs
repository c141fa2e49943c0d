//! The options of `mesh diff`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::args::InputArgs;

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
    pub format: DiffFormat,
    /// Exit with status 1 unless all requests are proven to be treated alike
    #[arg(long)]
    pub exit_code: bool,
    /// Print the differences of the texts of the files as well
    #[arg(long)]
    pub text: bool,
    /// Print a curl command for each example
    #[arg(long)]
    pub curl: bool,
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
    /// Markdown for a comment on a pull request
    Markdown,
}
