//! Text to a span tree, as Kubernetes reads it.
//!
//! A file is cut into documents at its `---` lines before anything is parsed ([`split`]), so one
//! broken document never hides the others. [`parse`] turns one document into a tree of [`Node`]s:
//! scalars are resolved by the rules of `go.yaml.in/yaml/v2` (YAML 1.1 booleans, octals, …),
//! aliases and merge keys are expanded within a budget, every key and value keeps its byte span.
//! [`parse_json`] does the same for a file that has to be JSON.
//!
//! Nothing here fails: whatever is wrong with a text becomes a [`Problem`] of its document, and the
//! rest is still read. Only what leaves no structure to rely on (a missing quote, a wrong indentation)
//! costs the document its tree.
//!
//! - `split`: a file to [`Chunk`]s.
//! - `parse`: the parser's events to nodes, with anchors and aliases.
//! - `mapping`: unique keys and merge keys.
//! - `scalar`: a scalar's text to its value, a key's value to its text.
//! - `place`: the parser's positions to the spans that [`Node`] promises.
//! - `comments`: the comments, which the tree does not hold.
//! - `message`: the parser's errors in plain words.
//! - `json`: the check that a JSON file needs first.

mod comments;
mod json;
mod mapping;
mod message;
mod node;
mod parse;
mod place;
mod scalar;
mod split;
#[cfg(test)]
mod tests;

pub use comments::comments;
pub use json::parse_json;
pub use node::{Document, Entry, Key, Node, Problem, ProblemKind, Value};
pub use parse::parse;
pub use split::{Chunk, split};
