//! What policies say about a request: whether it is let in, by which rule, and why no other rule did.
//!
//! [`evaluate`] asks the RequestAuthentications and AuthorizationPolicies of a workload about what its proxy sees of a
//! request ([`Attributes`]). The result is data: a [`Ruling`], the [`Cause`] and, for a trace, every rule that was
//! [`Considered`] with the first condition that does not hold.

mod asked;
mod attributes;
mod condition;
mod evaluate;
mod identity;
mod ip_block;
mod keys;
mod pattern;
mod policy_ref;
mod rule;
mod template;
mod token;

pub use asked::{Asked, Parts, asked};
pub use attributes::{Attributes, remote_ip};
pub use condition::Failure;
pub use evaluate::{Cause, Considered, Findings, Outcome, Ruling, evaluate};
pub use identity::Identity;
pub use keys::Attribute;
pub use policy_ref::PolicyRef;
