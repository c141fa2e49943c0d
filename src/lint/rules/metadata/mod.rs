//! Labels and annotations of Istio.

mod deprecated_annotation;
mod invalid_annotation;
mod invalid_label_value;
mod misplaced_annotation;
mod misplaced_label;
mod unknown_annotation;
mod unknown_label;

use crate::advice::{Advice, Edit};
use crate::lint::Family;
use crate::model::{Kind, Resource, Tags};
use crate::source::Span;

pub static FAMILY: Family = Family {
    name: "metadata",
    about: "Labels and annotations of Istio",
    rules: &[
        &unknown_annotation::RULE,
        &misplaced_annotation::RULE,
        &invalid_annotation::RULE,
        &deprecated_annotation::RULE,
        &unknown_label::RULE,
        &misplaced_label::RULE,
        &invalid_label_value::RULE,
    ],
};

/// The resource or the pods that carry tags, for messages.
fn holder(resource: &Resource, tags: &Tags<'_>) -> String {
    let pods = if tags.of_template { "the pods of " } else { "" };
    format!("{pods}{} `{}`", resource.kind.name(), resource.name())
}

/// Kinds as alternatives: "Namespace, Service or ServiceEntry".
fn kinds(kinds: &[Kind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A help that may begin with "remove it".
fn removal_or(key: Span, help: &str) -> Advice {
    let advice = Advice::new(help);
    if help.starts_with("remove it") { advice.fix([Edit::remove(key)]) } else { advice }
}
