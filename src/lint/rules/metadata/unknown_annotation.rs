//! `unknown-annotation`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::known_metadata::{self as known, Standing};
use crate::model::{Resource, Tags, nearest};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "unknown-annotation",
    aliases: ["IST0108"],
    severity: Warning,
    summary: "an annotation in Istio's name that Istio does not read",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources.iter().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.annotations.iter().filter(|(key, _)| known::is_of_istio(key)) {
        match known::annotation(key) {
            None => report(key, diagnostics),
            Some(known) => {
                if let Standing::Removed(instead) = known.standing {
                    let message = format!("Istio does not read {} any more", key.value);
                    diagnostics.report_default(key.span, message).help(instead).severity(Severity::Info);
                }
            }
        }
    }
}

fn report(key: &Spanned<String>, diagnostics: &mut Diagnostics) {
    if known::label(key).is_some() {
        let message = format!("{} is a label: as an annotation it is not read", key.value);
        diagnostics.report_default(key.span, message).help("move it to labels");
        return;
    }
    let diagnostic = diagnostics.report_default(key.span, format!("Istio reads no annotation {}", key.value));
    if let Some(name) = similar(key) {
        diagnostic.help(format!("did you mean {name}?"));
    }
}

/// The annotation that was probably meant: misspelt, or of another domain.
fn similar(key: &str) -> Option<&'static str> {
    let last = |key: &str| key.rsplit_once('/').map(|(_, last)| last.to_ascii_lowercase());
    let names = || known::annotations().map(|known| known.name);
    nearest(key, names()).or_else(|| names().find(|name| last(name) == last(key)))
}
