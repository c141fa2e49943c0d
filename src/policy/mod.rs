//! Evaluation of the policies for a request: whether they allow it, by which rule, and why other rules do not match.
//!
//! [`WorkloadPolicies::evaluate`] applies the RequestAuthentications and AuthorizationPolicies of a workload to the [`Attributes`] of a
//! request. The result is data: a [`Ruling`], the [`Cause`] and, for a trace, every [`ConsideredRule`] with the first
//! condition that does not hold.

mod attributes;
mod clause;
mod condition;
mod evaluate;
mod facet;
mod identity;
mod ip_block;
mod keys;
mod pattern;
mod policy_ref;
mod reach;
mod requirement;
mod rule;
mod template;
mod token;
mod words;
mod workload_policies;

pub use attributes::Attributes;
pub use clause::{ClauseEffect, PolicyClause};
pub use condition::{FailedCondition, literal_parts, names_issuer};
pub use evaluate::{Cause, ConsideredRule, Evaluation, RuleOutcome, Ruling};
pub use facet::{Facet, FacetCondition};
pub use identity::Identity;
pub use keys::Attribute;
pub use policy_ref::PolicyRef;
pub use reach::{Denial, denial, matching, taking};
pub use requirement::{Requirement, RuleParts, requirements};
pub use token::{TokenEffect, is_presented};
pub use workload_policies::{CompiledPolicies, WorkloadPolicies};
