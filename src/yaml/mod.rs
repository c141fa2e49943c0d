//! Text to a span tree, as Kubernetes reads it.
//!
//! A file is cut into documents at its `---` lines before anything is parsed ([`split`]), so one
//! broken document never hides the others. [`parse`] turns one document into a tree of [`Node`]s:
//! scalars are resolved by the rules of `go.yaml.in/yaml/v2` (YAML 1.1 booleans, octals, …),
//! aliases and merge keys are expanded within a budget, every key and value keeps its byte span.

mod node;
mod stub;
pub use stub::*;

pub use node::{Document, Entry, Key, Node, Problem, ProblemKind, Value};
