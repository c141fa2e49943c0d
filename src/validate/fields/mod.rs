//! The checks of fields that several kinds have in common, one module for each field or type.

pub(super) mod connection_pool;
pub(super) mod destination;
pub(super) mod duration;
pub(super) mod export_to;
pub(super) mod gateway_names;
pub(super) mod labels;
pub(super) mod port;
pub(super) mod scoped_host;
pub(super) mod selector;
pub(super) mod server_tls;
pub(super) mod socket;
pub(super) mod target_refs;
pub(super) mod wasm;
