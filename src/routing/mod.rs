//! The behaviour of a proxy, as ordered clauses.
//!
//! A [`Proxy`] is the sidecar of a client, with the scope that its Sidecar resource leaves it, or a gateway.
//! [`outbound`] and [`gateway`] compile the listeners of a proxy at a port: [`ProxyListener`]s whose [`FilterChain`]s
//! forward connections, or route requests by a [`Table`] of virtual hosts. A [`Clause`] of a virtual host is a
//! condition and an action; both remember the place in the manifests that caused them. [`inbound`] is the sidecar of a
//! server.

pub mod alternative;
mod automata;
mod clause;
mod delegate;
mod destination;
mod endpoints;
pub mod gateway;
mod http;
mod imported;
pub mod inbound;
mod kube_proxy;
mod l4;
mod listener;
pub mod outbound;
mod part;
mod path;
mod predicate;
mod proxy;
mod reception;
mod regex;
mod request;
pub mod rivals;
mod route;
mod sample;
mod scope;
mod table;
mod token;
mod transport;
mod undefined;
mod upstream;
mod vantage;
pub mod when;

pub use automata::{Automata, takes_some_path};
pub use clause::{Clause, ClauseAction, Exclusion};
pub use destination::{
    Assumption, Cluster, ClusterProblem, Naming, UNKNOWN_SERVICE, Weighted, egress_proxy, of_gateway_route,
    of_made_service,
};
pub use kube_proxy::behind_service;
pub use l4::{ConsideredRoute, L4Match, L4Route, TcpProxy, tcp_matches, tls_matches};
pub use listener::{ChainAction, Connection, Criteria, DefaultChain, FilterChain, Payload, ProxyListener};
pub use part::{RequestPart, Texts};
pub use path::{normalize_path, replace_prefix};
pub use predicate::{MatchCondition, MatchSubject, Matcher};
pub use proxy::{Proxy, Role};
pub use reception::Reception;
pub use regex::EnvoyRegex;
pub use request::HttpRequest;
pub use route::{CompiledRoute, HttpMatch, Owner};
pub use sample::Sample;
pub use scope::{Egress, EgressPort, SidecarScope};
pub use table::{Fallback, RouteLookup, Table, VirtualHost};
pub use token::{CarriedToken, TokenState};
pub use transport::Transport;
pub use upstream::Upstream;
