//! `unknown-field`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;
use crate::model::spelling::misspelt;
use crate::source::Span;
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
                let diagnostic = diagnostics.report(&UNKNOWN, problem.span, format!("unknown field {}", quoted(key)));
                match suggestion {
                    Some(suggestion) if is_only_one(key, known) => {
                        let edit = Edit::set(problem.span, suggestion.as_str());
                        diagnostic.help(Advice::new(format!("did you mean {edit}?")).fix([edit]))
                    }
                    Some(suggestion) => diagnostic.did_you_mean(suggestion),
                    None => diagnostic.help(advice(problem.span, known)),
                };
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

/// Whether a key is a misspelling of a single field, so that it can mean no other one.
fn is_only_one(key: &str, known: &[String]) -> bool {
    known.iter().filter(|field| misspelt(key, [field.as_str()]).is_some()).count() == 1
}

fn advice(place: Span, known: &[String]) -> Advice {
    match known {
        [] => Advice::new("remove it: no field can be set here").fix([Edit::remove(place)]),
        [only] => format!("the only field is `{only}`").into(),
        _ => {
            format!("the fields are {}", known.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")).into()
        }
    }
}
