//! Secrets that policies of Kyverno generate or copy.

use super::collector::Collector;
use super::template::{Found, fields, nodes};
use crate::model::ForeignResource;

/// A rule with `generate` makes objects, usually in each new namespace.
pub(super) fn generated(resource: &ForeignResource, collector: &mut Collector<'_>) {
    for found in nodes(&resource.spec, "rules[].generate") {
        let Found::Node(generate) = found else { continue };
        if fields(generate, "kind").iter().any(|kind| kind == "Secret") {
            match fields(generate, "name").pop() {
                Some(name) => collector.secret_anywhere(&name),
                None => collector.any_secret(),
            }
        }
    }
}
