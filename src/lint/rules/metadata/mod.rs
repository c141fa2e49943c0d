//! Labels and annotations.

mod deprecated_annotation;
mod invalid_annotation;
mod invalid_label_value;
mod misplaced_annotation;
mod misplaced_label;
mod unknown_annotation;
mod unknown_label;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "metadata",
    about: "Labels and annotations",
    rules: &[
        &unknown_annotation::RULE,
        &misplaced_annotation::RULE,
        &invalid_annotation::RULE,
        &deprecated_annotation::RULE,
        &unknown_label::RULE,
        &misplaced_label::RULE,
        &invalid_label_value::RULE,
    ],
};
