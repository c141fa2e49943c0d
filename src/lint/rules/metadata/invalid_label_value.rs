//! `invalid-label-value`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::known_metadata as known;
use crate::model::{Resource, Tags};
use crate::validate::tag_value;

pub static RULE: Rule = rule! {
    name: "invalid-label-value",
    aliases: [],
    severity: Warning,
    summary: "the value of a label that Istio does not take: it counts for nothing, or for its contrary",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources.iter().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, value) in tags.labels.iter() {
        let Some(known) = known::label(key).filter(|known| known.belongs_on(tags.kind)) else { continue };
        // An empty value is how a label is taken back.
        if value.is_empty() {
            continue;
        }
        if let Some(fault) = tag_value::fault(known.values, value) {
            let message = format!("{}: {}, so {}", key.value, fault.message, known.consequence());
            diagnostics.report_default(value.span, message).help(fault.help);
        }
    }
}
