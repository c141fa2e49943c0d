//! Statements about all requests of a mesh, proven or shown by a witness.
//!
//! A [`Vantage`] is a proxy from which requests start, and [`connections`] has a request for each kind of connection that
//! it takes. From there on [`symbolic`](crate::symbolic) decides about all requests at once, and each witness is replayed
//! by [`simulate`](crate::simulate). [`diff`] compares two meshes, [`reach`] says which requests arrive at a destination, and
//! [`check`] verifies invariants. [`Routed`] has a request for each route. [`search`] is what the last three share.

pub mod check;
mod conditions;
mod connections;
mod context;
pub mod diff;
pub mod fields;
mod hosts;
pub mod policy_request;
mod ports;
pub mod reach;
mod routed;
mod rules;
#[cfg(test)]
mod samples;
mod search;
mod vantage;
mod witness;

pub use routed::Routed;
pub use search::{Origin, Origins, Shown, Target};
pub use vantage::Vantage;
