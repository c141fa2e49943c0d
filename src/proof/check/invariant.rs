//! Invariants: what must hold for all requests of a mesh.

use std::collections::BTreeMap;

use crate::proof::search::Hosts;
use crate::routing::MatchCondition;
use crate::source::Span;

/// A claim about all requests that meet some conditions.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// The name; what it claims, if it has none.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The clients.
    pub from: Clients,
    /// The hosts.
    pub hosts: Hosts,
    /// The port that clients dial.
    pub port: Option<u32>,
    /// The conditions on requests.
    pub conditions: Vec<MatchCondition>,
    /// The claim about them.
    pub claim: Claim,
}

/// Where requests start.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    /// The gateways; `mesh` stands for all sidecars. Without any, all proxies.
    pub gateways: Vec<(String, Span)>,
    /// The namespaces of clients. Without any, all.
    pub namespaces: Vec<(String, Span)>,
    /// The namespaces of which the clients and gateways are not.
    pub outside: Vec<(String, Span)>,
    /// The labels of clients.
    pub labels: BTreeMap<String, String>,
    /// A workload, as in `mesh simulate --from`.
    pub workload: Option<(String, Span)>,
}

/// A claim about the ends of requests.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The form of the claim.
    pub verb: Verb,
    /// The ends, as written.
    pub ends: Vec<(String, Span)>,
}

/// The form of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// No request ends there.
    Never,
    /// All requests end there.
    Always,
    /// The requests that arrive at a server arrive there.
    Only,
}

impl Verb {
    /// The key in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Only => "only",
        }
    }
}

impl Claim {
    /// The claim in words: `never 404`.
    pub fn words(&self) -> String {
        let ends: Vec<&str> = self.ends.iter().map(|(end, _)| end.as_str()).collect();
        format!("{} {}", self.verb.as_str(), ends.join(", "))
    }
}
