//! Exit statuses. They are the same in every output format.

/// The command succeeded without findings at or above the threshold.
pub const DONE: u8 = 0;

/// The command succeeded with findings at or above the threshold.
pub const FOUND: u8 = 1;

/// The command failed: bad arguments, unreadable input, a chart that Helm does not render, or input that is not YAML.
pub const FAILED: u8 = 2;
