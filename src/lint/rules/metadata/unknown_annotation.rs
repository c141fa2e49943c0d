//! `unknown-annotation`

use super::removal_or;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, Standing};
use crate::model::{Resource, Tags, nearest};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "unknown-annotation",
    summary: "an annotation has a domain of Istio, but Istio does not read it",
    findings: [&UNKNOWN, &LABEL, &REMOVED],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Surprising, Certain, ["IST0108"],
    "Istio has no such annotation",
};
static LABEL: Finding = finding! {
    "label", Surprising, Certain, ["IST0108"],
    "the annotation has the name of a label",
};
static REMOVED: Finding = finding! {
    "removed", Notable, Certain, ["IST0108"],
    "only older releases of Istio read the annotation",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.annotations.iter().filter(|(key, _)| known::is_of_istio(key)) {
        match known::annotation(key) {
            None => report(key, diagnostics),
            Some(known) => {
                if let Standing::Removed(instead) = known.standing {
                    let message = format!("Istio no longer reads annotation `{key}`");
                    diagnostics.report(&REMOVED, key.span, message).help(removal_or(key.span, instead));
                }
            }
        }
    }
}

fn report(key: &Spanned<String>, diagnostics: &mut Diagnostics) {
    if known::label(key).is_some() {
        diagnostics
            .report(&LABEL, key.span, format!("`{key}` is a label, which Istio does not read as an annotation"))
            .help("move the key to `labels`");
        return;
    }
    let diagnostic = diagnostics.report(&UNKNOWN, key.span, format!("Istio does not know annotation `{key}`"));
    if let Some(name) = similar(key) {
        diagnostic.did_you_mean(name);
    }
}

/// The annotation that resembles a key: misspelt, or with another domain.
fn similar(key: &str) -> Option<&'static str> {
    let last = |key: &str| key.rsplit_once('/').map(|(_, last)| last.to_ascii_lowercase());
    let names = || known::annotations().map(|known| known.name);
    nearest(key, names()).or_else(|| names().find(|name| last(name) == last(key)))
}
