//! `unknown-annotation`

use super::removal_or;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, KnownKey, Standing};
use crate::model::spelling::misspelt;
use crate::model::{Resource, Tags};
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

/// The annotation that a key stands for: its name is misspelt, shortened or lengthened, or its domain is another one of
/// Istio's. A name that only shares some letters does not count.
fn similar(key: &str) -> Option<&'static str> {
    let (domain, name) = key.rsplit_once('/')?;
    let split = |known: &'static str| known.rsplit_once('/');
    let is_read = |known: &&KnownKey| !matches!(known.standing, Standing::Removed(_));
    let known = || known::annotations().filter(is_read).filter_map(|known| Some((known.name, split(known.name)?)));
    let of_domain = || known().filter(|(_, (own, _))| own.eq_ignore_ascii_case(domain));
    let full = |name: &str| of_domain().find(|(_, (_, own))| *own == name).map(|(full, _)| full);
    let misspelt_name = misspelt(name, of_domain().map(|(_, (_, own))| own)).and_then(full);
    let misspelt_key = || misspelt(key, known().map(|(full, _)| full));
    let same_name = || only(known().filter(|(_, (_, own))| own.len() >= SPECIFIC && own.eq_ignore_ascii_case(name)));
    let is_part = |own: &str| own.len().min(name.len()) >= SPECIFIC && starts_with_either(own, name);
    let of_part = || only(of_domain().filter(|(_, (_, own))| is_part(own)));
    misspelt_name.or_else(misspelt_key).or_else(same_name).or_else(of_part)
}

/// The fewest letters of a name that few annotations have by chance.
const SPECIFIC: usize = 6;

fn starts_with_either(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    one.starts_with(&other) || other.starts_with(&one)
}

/// The only annotation, if there is exactly one.
fn only<T>(mut found: impl Iterator<Item = (&'static str, T)>) -> Option<&'static str> {
    let (first, _) = found.next()?;
    found.next().is_none().then_some(first)
}
