//! Comments that suppress findings.

pub(in crate::lint) mod unused_suppression;

use crate::lint::Family;

pub static FAMILY: Family =
    Family { name: "suppression", about: "Suppression of findings", rules: &[&unused_suppression::RULE] };
