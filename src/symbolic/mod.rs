//! Proofs over all requests: whether any request reaches a route.
//!
//! The texts of each part of requests are cut into [`atoms`], classes that no condition tells apart, by one automaton for
//! all conditions on the part. A match becomes a box: a set of atoms for each part. [`escape`] then decides whether some
//! request of a box escapes the boxes before it. `docs/proofs.md` says what this proves.

mod atoms;
mod bits;
mod connections;
mod dimension;
mod escape;
mod policies;
mod reach;
mod region;
mod space;
mod witness;

#[cfg(test)]
mod tests;

pub use dimension::{ProxyCondition, ProxyProperty};
pub use policies::{Decision, PolicyDifference, PolicyReach, PolicyTable, PolicyVerdict, PolicyWitness, differences};
pub use reach::{Matches, Meeting, Reachability};
pub use space::Shape;
pub use witness::Witness;
