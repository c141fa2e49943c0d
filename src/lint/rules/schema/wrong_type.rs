//! `wrong-type`

use crate::advice::{Advice, Edit, Literal};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;
use crate::source::Span;
use crate::validate::quoted;
use crate::yaml::{self, Value};

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
                if let Some(help) = advice(expected, found, raw.as_deref(), problem.span) {
                    diagnostic.help(help);
                }
            }
            DecodeProblemKind::InvalidValue { expected, found, suggestion } => {
                let message = format!("{} is not a valid value", quoted(found));
                diagnostics.report(&VALUE, problem.span, message).help(match suggestion {
                    Some(suggestion) => {
                        let edit = Edit::set(problem.span, suggestion);
                        Advice::new(format!("did you mean {edit}? Expected {expected}")).option([edit])
                    }
                    None => format!("write {expected}").into(),
                });
            }
            _ => {}
        }
    }
}

/// The help for a value of the wrong type. Many such mistakes are plain scalars to which YAML gives another type.
fn advice(expected: &str, found: &str, raw: Option<&str>, place: Span) -> Option<Advice> {
    Some(match (expected, raw) {
        ("a string", Some(raw)) => {
            let edit = Edit::set(place, raw);
            Advice::new(format!("put it in quotes: {edit}; YAML reads `{raw}` as {found}")).fix([edit])
        }
        ("a boolean", Some(raw)) if raw.starts_with(['"', '\'']) => {
            let text = raw.trim_matches(['"', '\'']);
            let help = format!("remove the quotes: `{text}`");
            match text.parse::<bool>() {
                Ok(value) => Advice::new(help).fix([Edit::set(place, value)]),
                Err(_) => help.into(),
            }
        }
        ("a list", Some(raw)) => {
            let help = Advice::new(format!("make it a list: `[{raw}]`"));
            match raw.starts_with(['"', '\'']) || !matches!(yaml::resolve(raw), Value::String(_)) {
                true => help,
                false => help.fix([Edit::set(place, Literal::texts([raw]))]),
            }
        }
        ("a mapping", _) if found == "a list" => "remove the dash: the field takes one item, not a list".into(),
        (expected, Some(raw)) if expected.starts_with("a duration") && raw.parse::<f64>().is_ok_and(f64::is_finite) => {
            Advice::write(Edit::set(place, format!("{raw}s")))
        }
        ("a list", None) => "put a dash before each item".into(),
        _ => return None,
    })
}
