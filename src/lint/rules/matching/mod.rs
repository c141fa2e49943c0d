//! The conditions of matches.

mod contradiction;
mod impossible_match;
mod impossible_path;
mod impossible_text;
mod match_texts;
mod mistaken_match_type;
mod mistaken_regex;
mod prefix_without_boundary;
mod uneven_uri_case;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "matching",
    about: "Conditions of matches",
    rules: &[
        &impossible_match::RULE,
        &mistaken_match_type::RULE,
        &uneven_uri_case::RULE,
        &prefix_without_boundary::RULE,
    ],
};
