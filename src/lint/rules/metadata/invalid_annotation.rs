//! `invalid-annotation`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, OnInvalid};
use crate::model::{Resource, Tags};
use crate::validate::tag_value;

pub static RULE: Rule = rule! {
    name: "invalid-annotation",
    summary: "an annotation of Istio has a value that Istio cannot read",
    findings: [&REJECTED, &PROXY_FAILS, &IGNORED, &PARTLY_IGNORED],
    check: check,
};

static REJECTED: Finding = finding! {
    "rejected", Refused, Certain, ["IST0125"],
    "the injector rejects pods with this value",
};
static PROXY_FAILS: Finding = finding! {
    "proxy-fails", Lost, Certain, ["IST0125"],
    "the sidecar does not start with this value",
};
static IGNORED: Finding = finding! {
    "ignored", Surprising, Certain, ["IST0125"],
    "Istio ignores the value",
};
static PARTLY_IGNORED: Finding = finding! {
    "partly-ignored", Surprising, Certain, ["IST0125"],
    "Istio ignores a part of the value",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for tags in context.snapshot.resources().flat_map(Resource::all_tags) {
        check_tags(&tags, diagnostics);
    }
}

fn check_tags(tags: &Tags<'_>, diagnostics: &mut Diagnostics) {
    for (key, value) in tags.annotations.iter() {
        let Some(known) = known::annotation(key).filter(|known| known.belongs_on(tags.kind)) else { continue };
        let Some(fault) = tag_value::fault(known.values, value) else { continue };
        let (finding, consequence) = match known.on_invalid {
            _ if fault.is_partial => (&PARTLY_IGNORED, "Istio ignores the field".to_owned()),
            OnInvalid::Rejected => (&REJECTED, known.consequence()),
            OnInvalid::ProxyFails => (&PROXY_FAILS, known.consequence()),
            OnInvalid::Ignored | OnInvalid::ReadAs(_) => (&IGNORED, known.consequence()),
        };
        let message = format!("annotation `{key}`: {}, so {consequence}", fault.message);
        diagnostics.report(finding, value.span, message).help(fault.help);
    }
}
