//! `yaml-syntax`

use std::collections::{BTreeMap, BTreeSet};

use super::report;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::load::{Snapshot, Template};
use crate::source::Span;
use crate::world::Gap;
use crate::yaml::YamlProblemKind;

pub static RULE: Rule = rule! {
    name: "yaml-syntax",
    summary: "a document cannot be read, so nothing in it takes effect",
    findings: [&UNREADABLE],
    check: check,
};

static UNREADABLE: Finding = finding! {
    "unreadable", Refused, Certain, [],
    "the document cannot be read",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.yaml_problems(YamlProblemKind::Syntax) {
        report(&UNREADABLE, problem, diagnostics);
    }
    for (gap, count) in unrendered([context.snapshot]) {
        (0..count).for_each(|_| diagnostics.unchecked(gap.clone()));
    }
}

/// The templates and placeholders in some snapshots of the same files: for each notation the reason why they are not checked,
/// which names the files, and the number of documents and values.
pub(in crate::lint) fn unrendered<'s>(snapshots: impl IntoIterator<Item = &'s Snapshot>) -> Vec<(Gap, usize)> {
    let mut places: BTreeMap<Template, BTreeMap<Span, &str>> = BTreeMap::new();
    for snapshot in snapshots {
        let of_documents = snapshot.templates.iter().copied();
        let of_values = snapshot.placeholders.iter().map(|it| (it.span, Template::Placeholder(it.notation)));
        for (span, template) in of_documents.chain(of_values) {
            places.entry(template).or_default().insert(span, snapshot.sources.file(span.file).path());
        }
    }
    let reason = |(template, places): (Template, BTreeMap<Span, &str>)| {
        let files: Vec<&str> = places.values().copied().collect();
        (Gap::NotRendered(template.describe(&some_of(&files))), files.len())
    };
    places.into_iter().map(reason).collect()
}

/// The first of some files, and the number of the others.
fn some_of(documents: &[&str]) -> String {
    let files: BTreeSet<&str> = documents.iter().copied().collect();
    let first = files.first().copied().unwrap_or_default();
    match files.len() {
        0 | 1 => first.to_owned(),
        count => format!("{first} and {} more", count - 1),
    }
}
