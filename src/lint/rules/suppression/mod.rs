//! What is said to this tool itself.

pub(super) mod unused_suppression;

use crate::lint::Family;

pub static FAMILY: Family =
    Family { name: "suppression", about: "What is said to this tool itself", rules: &[&unused_suppression::RULE] };
