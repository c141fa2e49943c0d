//! The options of `mesh reach`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use crate::cli::args::{Format, InputArgs};

const EXAMPLES: &str = "\
Examples:
  mesh reach reviews
  mesh reach reviews.shop/v2 --from shop/web
  mesh reach shop/reviews-v1 --gateway istio-system/public
  mesh reach 404
  mesh reach --denied shop/reviews-v1";

/// Show which requests arrive at a destination.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Reach {
    /// Destination: HOST[:PORT][/SUBSET], a workload as NAMESPACE/NAME, a status such as 404, or an outcome such as
    /// passthrough
    #[arg(value_name = "DESTINATION", required_unless_present_any = ["denied", "allowed"])]
    pub destination: Option<String>,
    /// Show the requests that the policies of this workload deny, by rule, instead of those that arrive
    #[arg(long, value_name = "WORKLOAD", conflicts_with_all = ["destination", "allowed", "from", "gateway"])]
    pub denied: Option<String>,
    /// Show the requests that the policies of this workload allow, by rule
    #[arg(long, value_name = "WORKLOAD", conflicts_with_all = ["destination", "from", "gateway"])]
    pub allowed: Option<String>,
    /// Manifests: a file, a directory, or - for standard input (repeatable) [default: `manifests` of the configuration, or
    /// .]
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Only requests of this client: a workload such as shop/web or app=web, or a namespace
    #[arg(long, value_name = "CLIENT", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "gateway")]
    pub from: Option<String>,
    /// Only requests to this gateway: a Gateway, its workload or its Service. `mesh` stands for the sidecars of all clients
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub gateway: Option<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Print a curl command for each example
    #[arg(long)]
    pub curl: bool,
}
