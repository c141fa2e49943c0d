//! What a proxy would do with a request, as ordered clauses.
//!
//! A [`Vantage`] says which proxy is asked, and on which port: a class of client workloads, or a gateway. [`sidecar`]
//! and [`gateway`] compile the world to the route [`Table`] that istiod would send there: virtual hosts with their
//! domains, and for each the clauses in the order in which Envoy tries them. A [`Clause`] is a condition and an action;
//! both remember the place in the manifests that caused them.

mod clause;
mod delegate;
mod destination;
pub mod gateway;
mod http;
mod predicate;
mod request;
mod rule;
pub mod sidecar;
mod table;
mod vantage;

pub use crate::re2::{InvalidRegex, Regex};
pub use clause::{Action, Clause, Exclusion};
pub use destination::{Cluster, Problem, cluster, of_service as cluster_of_service};
pub use gateway::Listener;
pub use predicate::{Condition, Matcher, Subject};
pub use request::{Request, normalize_path};
pub use rule::{HttpMatch, HttpRule, Owner};
pub use table::{Fallback, Found, Table, VirtualHost};
pub use vantage::Vantage;
