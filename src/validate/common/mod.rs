//! What several kinds have in common.

pub(super) mod export_to;
pub(super) mod labels;
pub(super) mod selector;
