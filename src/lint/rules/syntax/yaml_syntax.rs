//! `yaml-syntax`

use std::collections::{BTreeMap, BTreeSet};

use super::report;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::load::Template;
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
    let mut templates: BTreeMap<Template, Vec<&str>> = BTreeMap::new();
    let of_documents = context.snapshot.templates.iter().copied();
    let of_values = context.snapshot.placeholders.iter().map(|it| (it.span, Template::Placeholder(it.notation)));
    for (span, template) in of_documents.chain(of_values) {
        templates.entry(template).or_default().push(context.snapshot.sources.file(span.file).path());
    }
    for (template, files) in templates {
        let gap = Gap::NotRendered(template.describe(&some_of(&files)));
        files.iter().for_each(|_| diagnostics.unchecked(gap.clone()));
    }
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
