//! The options of `mesh test`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::args::InputArgs;
use crate::cli::output;

const EXAMPLES: &str = "\
Examples:
  mesh test tests -f manifests
  mesh test tests -f manifests --fail-under 80 --output text --output junit=mesh-test.xml
  mesh test --generate -f manifests > tests/routes.yaml";

/// Run test cases for routes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Test {
    /// Files and directories of cases [default: `tests` of the configuration, or files that end with `_test.yaml` or
    /// `.test.yaml`]
    #[arg(value_name = "CASES")]
    pub cases: Vec<PathBuf>,
    /// Manifests: a file, a directory, or - for standard input (repeatable) [default: `manifests` of the configuration, or
    /// .]
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Output format
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TestFormat>,
    /// Output format, and the file to write it to (repeatable) [default: text on standard output]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    pub output: Vec<Output>,
    /// Fail if the cases reach less than this part of the routes, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub fail_under: Option<u8>,
    /// Do not list the routes that no case reaches
    #[arg(short, long)]
    pub quiet: bool,
    /// Write a case for each route that requests reach, instead of running cases [default file: standard output]
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["cases", "fail_under", "format", "output", "watch"])]
    pub generate: Option<Option<PathBuf>>,
    /// Run the cases again whenever a file changes
    #[arg(long)]
    pub watch: bool,
}

/// A format of `mesh test`, and where it goes.
pub type Output = output::Output<TestFormat>;

/// An output format of `mesh test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
    /// JUnit
    Junit,
}
