//! Options that select what is reported.

use crate::cli::args::Threshold;
use crate::lint::Choices;

/// Options that select what is read and reported.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Report only these rules, families, findings or codes (repeatable, or separated by commas) [default: `select` of the configuration, or all]
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Do not report these rules, families, findings or codes (repeatable, or separated by commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Lowest severity to report and to count [default: `minSeverity` of the configuration, or info]
    #[arg(long, value_name = "SEVERITY")]
    pub min_severity: Option<Threshold>,
    /// Skip files and directories that match this pattern, relative to the working directory (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Report only findings that touch files changed since this git revision, including uncommitted and untracked files
    #[arg(long, value_name = "REV")]
    pub only_changed: Option<String>,
    /// Report findings even if comments, annotations or `suppress` of the configuration suppress them
    #[arg(long)]
    pub no_ignores: bool,
}

impl SelectionArgs {
    /// Whether all findings are reported that the configuration lets be reported.
    pub fn is_everything(&self) -> bool {
        self.select.is_empty() && self.ignore.is_empty() && self.min_severity.is_none()
    }

    /// The choices among the findings.
    pub fn choices(&self) -> Choices {
        Choices {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            lowest: self.min_severity.map(Threshold::severity),
            no_ignores: self.no_ignores,
        }
    }
}
