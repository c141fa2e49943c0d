//! What several kinds have in common.

pub(super) mod export_to;
pub(super) mod labels;
pub(super) mod selector;
pub(super) mod target_refs;
pub(super) mod wasm;
