//! `deprecated-annotation`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::known_metadata::{self as known, Standing};
use crate::model::{Resource, Tags};

pub static RULE: Rule = rule! {
    name: "deprecated-annotation",
    aliases: ["IST0135"],
    severity: Info,
    summary: "an annotation of Istio's in whose place something else is to be used",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources.iter().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.annotations.iter() {
        // Whoever has the label of the same name keeps the annotation for older releases.
        if tags.labels.get(key).is_some() {
            continue;
        }
        if let Some(Standing::Deprecated(instead)) = known::annotation(key).map(|known| known.standing) {
            diagnostics.report_default(key.span, format!("{} is deprecated", key.value)).help(instead);
        }
    }
}
