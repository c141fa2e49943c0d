//! `wrong-type`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;
use crate::validate::quoted;

pub static RULE: Rule = rule! {
    name: "wrong-type",
    summary: "a value does not have the type or the form that its field requires",
    findings: [&TYPE, &VALUE],
    check: check,
};

static TYPE: Finding = finding! {
    "type", Refused, Certain, [],
    "the value does not have the type that the field requires",
};
static VALUE: Finding = finding! {
    "value", Refused, Certain, [],
    "the value does not have the form that the field requires",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems() {
        match &problem.kind {
            DecodeProblemKind::WrongType { expected, found, raw } => {
                let diagnostic = diagnostics.report(&TYPE, problem.span, format!("expected {expected}, found {found}"));
                if let Some(help) = advice(expected, found, raw.as_deref()) {
                    diagnostic.help(help);
                }
            }
            DecodeProblemKind::InvalidValue { expected, found, suggestion } => {
                let message = format!("{} is not a valid value", quoted(found));
                diagnostics.report(&VALUE, problem.span, message).help(match suggestion {
                    Some(suggestion) => format!("did you mean `{suggestion}`? Expected {expected}"),
                    None => format!("write {expected}"),
                });
            }
            _ => {}
        }
    }
}

/// The help for a value of the wrong type. Many such mistakes are plain scalars to which YAML gives another type.
fn advice(expected: &str, found: &str, raw: Option<&str>) -> Option<String> {
    match (expected, raw) {
        ("a string", Some(raw)) => Some(format!("put it in quotes: `\"{raw}\"`; YAML reads `{raw}` as {found}")),
        ("a boolean", Some(raw)) if raw.starts_with(['"', '\'']) => {
            Some(format!("remove the quotes: `{}`", raw.trim_matches(['"', '\''])))
        }
        ("a list", Some(raw)) => Some(format!("make it a list: `[{raw}]`")),
        ("a mapping", _) if found == "a list" => {
            Some("remove the dash: the field takes one item, not a list".to_owned())
        }
        (expected, Some(raw)) if expected.starts_with("a duration") && raw.parse::<f64>().is_ok_and(f64::is_finite) => {
            Some(format!("write `{raw}s`"))
        }
        ("a list", None) => Some("put a dash before each item".to_owned()),
        _ => None,
    }
}
