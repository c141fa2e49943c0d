//! `unknown-label`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::known_metadata as known;
use crate::model::{Kind, Resource, Tags, nearest};

pub static RULE: Rule = rule! {
    name: "unknown-label",
    aliases: [],
    severity: Warning,
    summary: "a label that is probably a misspelt one of Istio's, or should be an annotation",
    check: check,
};

const INJECTION: &str = "istio-injection";

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources.iter().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.labels.iter().filter(|(key, _)| known::label(key).is_none()) {
        let similar = match known::is_of_istio(key) {
            true => nearest(key, known::labels().map(|known| known.name)),
            false => nearest(key, [INJECTION]).filter(|_| tags.kind == Kind::Namespace),
        };
        if known::annotation(key).is_some() {
            let message = format!("{} is an annotation: as a label it is not read", key.value);
            diagnostics.report_default(key.span, message).help("move it to annotations");
        } else if let Some(name) = similar {
            let message = format!("Istio reads no label {}", key.value);
            diagnostics.report_default(key.span, message).help(format!("did you mean {name}?"));
        }
    }
}
