//! Who asks, and where.

use std::collections::BTreeMap;

/// A class of proxies that all have the same route table, and the port on which they are asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vantage {
    /// The sidecar of a client workload.
    Sidecar {
        /// The client's namespace.
        namespace: String,
        /// The client's labels.
        labels: BTreeMap<String, String>,
        /// The service port that the client dials.
        port: u32,
    },
    /// A gateway workload.
    Gateway {
        /// The workload's namespace.
        namespace: String,
        /// The workload's labels.
        labels: BTreeMap<String, String>,
        /// The number of the server's port.
        port: u32,
        /// The server name that the client asks for; `None` without TLS.
        sni: Option<String>,
    },
}

impl Vantage {
    /// The namespace of the proxy.
    pub fn namespace(&self) -> &str {
        match self {
            Self::Sidecar { namespace, .. } | Self::Gateway { namespace, .. } => namespace,
        }
    }

    /// The labels of the proxy.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Sidecar { labels, .. } | Self::Gateway { labels, .. } => labels,
        }
    }

    /// The port.
    pub fn port(&self) -> u32 {
        match self {
            Self::Sidecar { port, .. } | Self::Gateway { port, .. } => *port,
        }
    }
}
