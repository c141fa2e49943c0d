//! `invalid-label-value`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, OnInvalid};
use crate::model::{Resource, Tags};
use crate::validate::tag_value;

pub static RULE: Rule = rule! {
    name: "invalid-label-value",
    summary: "a label of Istio has a value that Istio ignores, or reads as its opposite",
    findings: [&READ_AS_ANOTHER, &IGNORED],
    check: check,
};

static READ_AS_ANOTHER: Finding = finding! {
    "read-as-another", Surprising, Certain, [],
    "Istio reads the value as another one",
};
static IGNORED: Finding = finding! {
    "ignored", Surprising, Certain, [],
    "Istio ignores the value",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, value) in tags.labels.iter() {
        let Some(known) = known::label(key).filter(|known| known.belongs_on(tags.kind)) else { continue };
        // People empty a label to remove it, for example in an overlay.
        if value.is_empty() {
            continue;
        }
        if let Some(fault) = tag_value::fault(known.values, value) {
            let is_read = matches!(known.on_invalid, OnInvalid::ReadAs(_));
            let finding = if is_read { &READ_AS_ANOTHER } else { &IGNORED };
            let message = format!("label `{key}`: {}, so {}", fault.message, known.consequence());
            diagnostics.report(finding, value.span, message).help(fault.help);
        }
    }
}
