//! Typed resources, decoded from YAML, with a place for every value.
//!
//! Each kind is described once, in its own file, by the macros in `macros.rs`. `kinds.rs` is the table of all kinds.
//! Decoding never stops: mistakes are returned beside the resource as [`DecodeProblem`]s.

mod crd;
pub mod decode;
pub mod duration;
pub mod extensions;
pub mod field;
mod foreign;
pub mod gateway_api;
mod installation;
pub mod kinds;
pub mod known_metadata;
pub mod kubernetes;
pub mod list;
mod macros;
pub mod map;
pub mod mesh_config;
pub mod meta;
pub mod networking;
mod problem;
mod resource;
mod scalar;
pub mod security;
pub mod status;
pub mod telemetry;
pub mod untyped;

pub use crate::advice::{spelling, wording};
pub use duration::Duration;
pub use foreign::ForeignResource;
pub use kinds::{Kind, KindScope, Spec};
pub use map::{LabelSet, Labels, Map, describe_labels, label_set};
pub use problem::{DecodeProblem, DecodeProblemKind};
pub use resource::{DocumentContents, Resource, ResourceContents, Tags, read, read_rendered};
pub use spelling::nearest;
