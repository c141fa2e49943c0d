//! `unknown-field`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::DecodeProblemKind;

pub static RULE: Rule = rule! {
    name: "unknown-field",
    aliases: [],
    severity: Error,
    summary: "a field that the API does not have: it is refused, or dropped without a word",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems() {
        match &problem.kind {
            DecodeProblemKind::UnknownField { key, suggestion, known } => {
                diagnostics
                    .report_default(problem.span, format!("unknown field {key:?}"))
                    .help(advice(suggestion.as_deref(), known));
            }
            DecodeProblemKind::SpeltTwice { field, winner } => {
                diagnostics
                    .report_default(
                        problem.span,
                        format!("field {field:?} is spelt in two ways; this value is ignored"),
                    )
                    .severity(Severity::Warning)
                    .related(*winner, "this one counts")
                    .help("keep one of the two");
            }
            _ => {}
        }
    }
}

fn advice(suggestion: Option<&str>, known: &[String]) -> String {
    match suggestion {
        Some(suggestion) => format!("did you mean {suggestion:?}?"),
        None if known.is_empty() => "nothing is set here; remove it".to_owned(),
        None => format!("the fields here are {}", known.join(", ")),
    }
}
