//! `wrong-type`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::DecodeProblemKind;

pub static RULE: Rule = rule! {
    name: "wrong-type",
    aliases: [],
    severity: Error,
    summary: "a value of a type or form that its field does not take",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems() {
        match &problem.kind {
            DecodeProblemKind::WrongType { expected, found, raw } => {
                let diagnostic =
                    diagnostics.report_default(problem.span, format!("expected {expected}, found {found}"));
                if let Some(help) = advice(expected, found, raw.as_deref()) {
                    diagnostic.help(help);
                }
            }
            DecodeProblemKind::InvalidValue { expected, found, suggestion } => {
                let found = if found.starts_with(['"', '\'']) { found.clone() } else { format!("{found:?}") };
                diagnostics.report_default(problem.span, format!("{found} is not what this field takes")).help(
                    match suggestion {
                        Some(suggestion) => format!("did you mean {suggestion}? It takes {expected}"),
                        None => format!("it takes {expected}"),
                    },
                );
            }
            _ => {}
        }
    }
}

/// What to write instead. Many such mistakes come from plain scalars that YAML takes for something else.
fn advice(expected: &str, found: &str, raw: Option<&str>) -> Option<String> {
    match (expected, raw) {
        ("a string", Some(raw)) => Some(format!("YAML reads {raw} as {found}; put it in quotes: \"{raw}\"")),
        ("a boolean", Some(raw)) if raw.starts_with(['"', '\'']) => {
            Some(format!("remove the quotes: {}", raw.trim_matches(['"', '\''])))
        }
        ("a list", Some(raw)) => Some(format!("make it a list: [{raw}]")),
        ("a mapping", _) if found == "a list" => Some("remove the dash: this is one item, not a list".to_owned()),
        ("a list", None) => Some("put a dash before each item".to_owned()),
        _ => None,
    }
}
