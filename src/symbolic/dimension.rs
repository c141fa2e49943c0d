//! The dimensions of requests.

use crate::policy::Facet;
use crate::routing::RequestPart;

/// A part of requests, or a property of the proxies that they pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// A part of the request.
    Part(RequestPart),
    /// Whether a regular expression that is not among the atoms of a part takes one of its texts: the part, and the
    /// number of the condition. Such expressions count as independent of all else. So more requests seem possible than
    /// there are, and what is proven of all of them is still true.
    Expression(RequestPart, usize),
    /// A property of the proxy, of the port of its listener, or of a connection.
    Proxy(ProxyProperty),
    /// A facet that policies compare.
    Facet(Facet),
    /// Whether a condition on a facet holds that is not among the atoms of the facet, by its number.
    FacetCondition(Facet, usize),
}

/// A property by which a VirtualService chooses proxies and their ports, or connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProxyProperty {
    /// The service port of a sidecar's listener, or the port of a gateway's server.
    Port,
    /// The Gateway to which the routes are bound, or the mesh.
    Gateway,
    /// The namespace of the workload.
    Namespace,
    /// A label of the workload, by its key.
    Label(String),
    /// The destination network of a connection, among those that matches name.
    Network,
    /// The server name of a TLS connection, among those that matches name.
    ServerName,
}

/// A condition on a proxy or a connection: its property has one of some values.
#[derive(Debug, Clone)]
pub struct ProxyCondition {
    /// The property.
    pub property: ProxyProperty,
    /// The values.
    pub one_of: Vec<String>,
}

impl ProxyCondition {
    /// A condition with one value.
    pub fn is(property: ProxyProperty, value: impl Into<String>) -> Self {
        Self { property, one_of: vec![value.into()] }
    }
}
