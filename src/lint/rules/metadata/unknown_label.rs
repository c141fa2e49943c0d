//! `unknown-label`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata as known;
use crate::model::{Kind, Resource, Tags, nearest};

pub static RULE: Rule = rule! {
    name: "unknown-label",
    summary: "a label resembles one of Istio, or has the name of an annotation, but Istio does not read it",
    findings: [&MISSPELT, &ANNOTATION],
    check: check,
};

static MISSPELT: Finding = finding! {
    "misspelt", Surprising, Certain, [],
    "the label resembles one that Istio reads",
};
static ANNOTATION: Finding = finding! {
    "annotation", Surprising, Certain, [],
    "the label has the name of an annotation",
};

const INJECTION: &str = "istio-injection";

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources().flat_map(Resource::all_tags) {
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
            diagnostics
                .report(
                    &ANNOTATION,
                    key.span,
                    format!("`{key}` is an annotation, which Istio does not read as a label"),
                )
                .help("move the key to `annotations`");
        } else if let Some(name) = similar {
            diagnostics.report(&MISSPELT, key.span, format!("Istio does not know label `{key}`")).did_you_mean(name);
        }
    }
}
