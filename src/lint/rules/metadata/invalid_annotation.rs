//! `invalid-annotation`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::known_metadata::{self as known, OnInvalid};
use crate::model::{Resource, Tags};
use crate::validate::tag_value;

pub static RULE: Rule = rule! {
    name: "invalid-annotation",
    aliases: ["IST0125"],
    severity: Error,
    summary: "the value of an annotation that Istio does not take: pods are refused, or it counts for nothing",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources.iter().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, value) in tags.annotations.iter() {
        let Some(known) = known::annotation(key).filter(|known| known.belongs_on(tags.kind)) else { continue };
        let Some(fault) = tag_value::fault(known.values, value) else { continue };
        let consequence = if fault.is_partial { "it is dropped".to_owned() } else { known.consequence() };
        let message = format!("{}: {}, so {consequence}", key.value, fault.message);
        let diagnostic = diagnostics.report_default(value.span, message);
        diagnostic.help(fault.help);
        if fault.is_partial || !matches!(known.on_invalid, OnInvalid::Rejected | OnInvalid::ProxyFails) {
            diagnostic.severity(Severity::Warning);
        }
    }
}
