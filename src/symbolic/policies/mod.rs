//! Proofs about the policies of a workload: which requests a rule decides about, and how two sets of policies differ.

mod axes;
mod difference;
mod table;
mod witness;

#[cfg(test)]
mod tests;

pub use difference::{PolicyDifference, differences};
pub use table::{Decision, PolicyReach, PolicyTable, PolicyVerdict};
pub use witness::PolicyWitness;
