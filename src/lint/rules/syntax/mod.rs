//! What is not YAML.

mod duplicate_key;
mod yaml_syntax;

use crate::lint::Family;

pub static FAMILY: Family =
    Family { name: "syntax", about: "What is not YAML", rules: &[&yaml_syntax::RULE, &duplicate_key::RULE] };
