//! Documents that are not valid YAML.

mod duplicate_key;
pub(in crate::lint) mod yaml_syntax;

use crate::lint::{Diagnostics, Family, Finding};
use crate::yaml;

pub static FAMILY: Family = Family {
    name: "syntax",
    about: "Documents that are not valid YAML",
    rules: &[&yaml_syntax::RULE, &duplicate_key::RULE],
};

/// Reports a problem of the YAML reader.
#[track_caller]
fn report(finding: &'static Finding, problem: &yaml::YamlProblem, diagnostics: &mut Diagnostics) {
    let diagnostic = diagnostics.report(finding, problem.span, &problem.message);
    if let Some(help) = &problem.help {
        diagnostic.help(help);
    }
    if let Some((span, message)) = &problem.related {
        diagnostic.related(*span, message);
    }
}
