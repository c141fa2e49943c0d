//! Exit statuses. They are the same in every output format.

/// Done; no finding at or above the threshold.
pub const DONE: u8 = 0;

/// Done; findings at or above the threshold.
pub const FOUND: u8 = 1;

/// The command could not be carried out: bad arguments, unreadable input, nothing that could be checked.
pub const FAILED: u8 = 2;
