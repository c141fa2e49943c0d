//! A YAML reader that turns text into a span tree, as Kubernetes reads it.
//!
//! [`split`] cuts a file into documents at its `---` lines before anything is parsed, so one broken
//! document never hides the others. [`parse`] turns one document into a tree of [`Node`]s:
//! scalars are resolved by the rules of `go.yaml.in/yaml/v2` (YAML 1.1 booleans, octals, …),
//! aliases and merge keys are expanded within a budget, every key and value keeps its byte span.
//! [`parse_json`] does the same for a file that has to be JSON.
//!
//! Reading never fails: a mistake becomes a [`YamlProblem`] of its document, and the rest of the document is
//! still read. Only a mistake that leaves no structure to rely on (a missing quote, a wrong indentation)
//! leaves the document without a tree.
//!
//! - `split`: cuts a file into [`Chunk`]s.
//! - `parse`: builds nodes from the parser's events, and resolves anchors and aliases.
//! - `mapping`: unique keys and merge keys.
//! - `scalar`: the value of a scalar, and the text of a key.
//! - `place`: the spans of nodes from the parser's positions.
//! - `comments`: the comments, which the tree does not hold.
//! - `message`: messages and helps for the parser's errors.
//! - `json`: the check that a JSON file needs first.

mod comments;
mod json;
mod mapping;
mod message;
mod node;
mod parse;
mod place;
mod scalar;
mod shared_list;
mod split;
#[cfg(test)]
mod tests;

pub use comments::comments;
pub use json::parse_json;
pub use node::{Document, Entry, Key, Node, Value, YamlProblem, YamlProblemKind};
pub use parse::parse;
pub use scalar::resolve;
pub use shared_list::SharedList;
pub use split::{Chunk, split};
