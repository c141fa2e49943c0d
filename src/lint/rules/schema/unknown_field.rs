//! `unknown-field`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;
use crate::validate::quoted;

pub static RULE: Rule = rule! {
    name: "unknown-field",
    summary: "the API does not have the field, so it is rejected or silently dropped",
    findings: [&UNKNOWN, &SPELT_TWICE],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Refused, Certain, [],
    "the API does not have the field",
};
static SPELT_TWICE: Finding = finding! {
    "spelt-twice", Surprising, Certain, [],
    "the field is set in camelCase and in snake_case, and one value is ignored",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems() {
        match &problem.kind {
            DecodeProblemKind::UnknownField { key, suggestion, known } => {
                diagnostics
                    .report(&UNKNOWN, problem.span, format!("unknown field {}", quoted(key)))
                    .help(advice(suggestion.as_deref(), known));
            }
            DecodeProblemKind::SpeltTwice { field, winner } => {
                let message = format!("field {} is set in two spellings, and this value is ignored", quoted(field));
                diagnostics
                    .report(&SPELT_TWICE, problem.span, message)
                    .related(*winner, "this value is used")
                    .help("keep one of the two");
            }
            _ => {}
        }
    }
}

fn advice(suggestion: Option<&str>, known: &[String]) -> String {
    match suggestion {
        Some(suggestion) => format!("did you mean {}?", quoted(suggestion)),
        None if known.is_empty() => "remove it: no field can be set here".to_owned(),
        None if known.len() == 1 => format!("the only field is `{}`", known[0]),
        None => format!("the fields are {}", known.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")),
    }
}
