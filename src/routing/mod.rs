//! What a proxy would do with a request, as ordered clauses.
//!
//! A [`Proxy`] is a client's sidecar, with what its Sidecar resource lets it know, or a gateway. [`outbound`] and
//! [`gateway`] compile what it listens on at a port: [`Listener`]s whose [`FilterChain`]s forward connections, or route
//! the requests in them by a [`Table`] of virtual hosts. A [`Clause`] of such a host is a condition and an action; both
//! remember the place in the manifests that caused them.

mod clause;
mod delegate;
mod destination;
mod endpoints;
pub mod gateway;
mod http;
mod implication;
pub mod inbound;
mod l4;
mod listener;
pub mod outbound;
mod path;
mod predicate;
mod proxy;
pub mod reach;
mod regex;
mod request;
mod rule;
mod scope;
mod table;
mod upstream;
mod vantage;

pub use clause::{Action, Clause, Exclusion};
pub use destination::{Cluster, Naming, Problem, Weighted, egress_proxy};
pub use implication::takes_some_path;
pub use l4::{Considered, L4Rule, TcpRoute};
pub use listener::{ChainAction, Connection, Criteria, FilterChain, Listener, Otherwise, Payload};
pub use path::{normalize_path, replace_prefix};
pub use predicate::{Condition, Matcher, Subject};
pub use proxy::{Proxy, Role};
pub use regex::Regex;
pub use request::Request;
pub use rule::{HttpMatch, HttpRule, Owner};
pub use scope::{Egress, EgressPort, Scope};
pub use table::{Fallback, Found, Table, VirtualHost};
pub use upstream::Upstream;
