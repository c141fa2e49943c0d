//! Typed resources: what a document says, with a place for every value.
//!
//! Each kind is described once, in a file of its own, by the macros in `macros.rs`; `kinds.rs` is the table
//! of all of them. Decoding never stops: what is wrong is returned beside the resource, as [`Problem`]s.

mod crd;
pub mod decode;
pub mod duration;
pub mod extensions;
pub mod field;
pub mod gateway_api;
pub mod kinds;
pub mod known_metadata;
pub mod kubernetes;
mod macros;
pub mod map;
pub mod mesh_config;
pub mod meta;
pub mod networking;
mod problem;
mod resource;
mod scalar;
pub mod security;
pub mod spelling;
pub mod status;
pub mod telemetry;
pub mod untyped;
pub mod uri;

pub use duration::Duration;
pub use kinds::{Kind, Scope, Spec};
pub use map::{LabelSet, Labels, Map};
pub use problem::{Problem, ProblemKind};
pub use resource::{Contents, Resource, Tags, read};
pub use spelling::nearest;
