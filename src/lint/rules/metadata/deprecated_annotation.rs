//! `deprecated-annotation`

use super::removal_or;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, Standing};
use crate::model::{Resource, Tags};

pub static RULE: Rule = rule! {
    name: "deprecated-annotation",
    summary: "an annotation of Istio is deprecated",
    findings: [&DEPRECATED],
    check: check,
};

static DEPRECATED: Finding = finding! {
    "deprecated", Notable, Certain, ["IST0135"],
    "the annotation still works, but a later release of Istio may ignore it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.annotations.iter() {
        // Beside the label of the same name, the annotation is for older releases.
        if tags.labels.get(key).is_some() {
            continue;
        }
        if let Some(Standing::Deprecated(instead)) = known::annotation(key).map(|known| known.standing) {
            diagnostics
                .report(&DEPRECATED, key.span, format!("annotation `{key}` is deprecated"))
                .help(removal_or(key.span, instead));
        }
    }
}
