//! The options of `mesh simulate`.

use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;

use crate::cli::args::{Format, InputArgs};
use crate::simulate::{Direction, ProxyKind, RequestProtocol, Tls, TokenState};

const EXAMPLES: &str = "\
Examples:
  mesh simulate ./manifests
  mesh simulate ./manifests http://reviews:9080/ -H 'end-user: jason' --trace
  mesh simulate ./manifests reviews:9080 --from shop/web --expect reviews/v2
  mesh simulate ./manifests http://shop.example.com/cart --gateway
  mesh simulate ./manifests --to shop/cart --from shop/web --mtls -X POST
  mesh simulate ./manifests grpc://cart:7070/shop.Cart/AddItem
  mesh simulate ./manifests tls://db:5432 --alpn postgresql";

/// Show where requests go, and why.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "mesh simulate [OPTIONS] [PATH]... [URL]")]
pub struct Simulate {
    /// Manifests, and the URL of the request
    ///
    /// Manifests are files, directories, or - for standard input [default: `manifests` of the configuration, or .]. An
    /// argument that exists, starts with ./ or /, or ends with .yaml, .yml or .json is a path; any other is the URL, such
    /// as http://reviews:9080/path, reviews:9080, grpc://cart:7070/shop.Cart/AddItem, tcp://db:5432 or tls://db:5432.
    /// Without a URL, every rule of the VirtualServices and other routes gets a request.
    #[arg(value_name = "PATH|URL")]
    pub arguments: Vec<String>,
    /// Manifests, as PATH (repeatable)
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten, next_help_heading = "Request")]
    pub request: RequestArgs,
    #[command(flatten, next_help_heading = "Client")]
    pub client: ClientArgs,
    #[command(flatten, next_help_heading = "Server")]
    pub server: ServerArgs,
    #[command(flatten, next_help_heading = "Gateway")]
    pub gateway: GatewayArgs,
    #[command(flatten, next_help_heading = "Output")]
    pub output: OutputArgs,
}

/// Options of the request itself.
#[derive(Debug, clap::Args)]
pub struct RequestArgs {
    /// Method [default: GET]
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = NonEmptyStringValueParser::new())]
    pub method: Option<String>,
    /// Header, also as 'NAME: VALUE' (repeatable); host sets the Host header
    #[arg(short = 'H', long, value_name = "NAME=VALUE")]
    pub header: Vec<String>,
    /// Host header [default: the host of the URL]
    #[arg(long, value_name = "HOST", value_parser = NonEmptyStringValueParser::new())]
    pub host: Option<String>,
    /// Path with the query string [default: that of the URL, or /]
    #[arg(long, value_name = "PATH", value_parser = NonEmptyStringValueParser::new())]
    pub path: Option<String>,
    /// Scheme that the client claims [default: that of the connection]
    #[arg(long, value_name = "SCHEME", value_parser = NonEmptyStringValueParser::new())]
    pub scheme: Option<String>,
    /// Port that the client dials; with --to, port of the workload [default: that of the URL, the fitting port of the
    /// service, or 80]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u32).range(1..=65535))]
    pub port: Option<u32>,
    /// Address that the client dials, or a host of the manifests that has it [default: that of the host]
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new())]
    pub address: Option<String>,
    /// Protocol [default: that of the URL, or http]
    #[arg(long, value_name = "PROTOCOL", value_parser = words::<RequestProtocol>(&["http", "http2", "grpc", "tcp"]))]
    pub protocol: Option<RequestProtocol>,
    /// Whether the client uses TLS, and shows a certificate [default: that of the URL]
    #[arg(long, value_name = "TLS", value_parser = words::<Tls>(&["plaintext", "tls", "mtls"]))]
    pub tls: Option<Tls>,
    /// The same as --tls mtls: the certificate proves the namespace and service account of the client
    #[arg(long, conflicts_with = "tls")]
    pub mtls: bool,
    /// Server name of TLS [default: the host]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub sni: Option<String>,
    /// Protocol that the client offers in TLS
    #[arg(long, value_name = "PROTOCOL", value_parser = NonEmptyStringValueParser::new())]
    pub alpn: Option<String>,
    /// State of the token [default: valid with a claim, issuer or audience, else none]
    #[arg(long, value_name = "STATE", value_parser = words::<TokenState>(&["valid", "invalid", "expired", "none"]))]
    pub token: Option<TokenState>,
    /// Claim of the token (repeatable); NAME may be nested (a.b), VALUE may be JSON
    #[arg(long, value_name = "NAME=VALUE")]
    pub claim: Vec<String>,
    /// Issuer of the token
    #[arg(long, value_name = "ISSUER", value_parser = NonEmptyStringValueParser::new())]
    pub issuer: Option<String>,
    /// Audience of the token (repeatable)
    #[arg(long, value_name = "AUDIENCE", value_parser = NonEmptyStringValueParser::new())]
    pub audience: Vec<String>,
}

/// Options of the client.
#[derive(Debug, clap::Args)]
pub struct ClientArgs {
    /// Namespace of the client, and of workloads that are named without one [default: that of the destination]
    #[arg(short, long, value_name = "NAMESPACE", value_parser = NonEmptyStringValueParser::new())]
    pub namespace: Option<String>,
    /// Workload that sends the request, such as shop/web, deployment/web or app=web; or its namespace
    #[arg(long, value_name = "WORKLOAD", value_parser = NonEmptyStringValueParser::new())]
    pub from: Option<String>,
    /// Label of the client (repeatable): the only workload that has it
    #[arg(long, value_name = "NAME=VALUE")]
    pub from_label: Vec<String>,
    /// Service account of the client [default: that of the workload, or default]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub from_account: Option<String>,
    /// Proxy of the client [default: as the manifests have it]
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub from_kind: Option<ProxyKind>,
    /// Address of the client
    #[arg(long, value_name = "ADDRESS")]
    pub source_ip: Option<std::net::IpAddr>,
}

/// Options of the server.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Ask the sidecar of this workload, such as shop/cart, deployment/cart or app=cart; or of the only one of a namespace
    #[arg(long, value_name = "WORKLOAD", value_parser = NonEmptyStringValueParser::new())]
    pub to: Option<String>,
    /// Label of that workload (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub to_label: Vec<String>,
    /// Proxy of that workload [default: as the manifests have it]
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub to_kind: Option<ProxyKind>,
}

/// Options of the gateway.
#[derive(Debug, clap::Args)]
pub struct GatewayArgs {
    /// Send the request to this gateway: a Gateway, its workload or its Service, as NAMESPACE/NAME or NAME; or to the only
    /// one, if none is named. `mesh` is the sidecar of the client
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["to", "to_label", "to_kind"])]
    pub gateway: Option<String>,
    /// Proxy that gets the request [default: gateway with --gateway, inbound with --to, else outbound]
    #[arg(long, value_name = "PROXY", value_parser = words::<Direction>(&["outbound", "gateway", "inbound"]))]
    pub direction: Option<Direction>,
}

/// Options of the output.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Show the routes and rules that were considered, and why they did not match
    #[arg(long)]
    pub trace: bool,
    /// Exit with status 1 and show the difference if the request does not end there (repeatable): HOST[:PORT][/SUBSET], a
    /// status or an outcome; without a value, if it does not reach any destination
    #[arg(long, value_name = "END", num_args = 0..=1, default_missing_value = "")]
    pub expect: Vec<String>,
    /// Id that the answer repeats
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Simulate the requests of a file, one JSON object per line (- for standard input)
    #[arg(long, value_name = "FILE")]
    pub requests: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

fn kinds() -> impl TypedValueParser<Value = ProxyKind> {
    words(&["sidecar", "none", "ambient", "gateway"])
}

/// Reads one of the words that the interface has for a type.
fn words<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words)
        .map(|word: String| serde_json::from_value(word.into()).expect("the words are those of the type"))
}
