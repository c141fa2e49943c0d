//! One finding for each cause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::locate::ResourcesByPlace;
use super::rules::{ABOUT_CONFLICTS, ABOUT_EFFECTS};
use super::{Context, Diagnostic, Family, Related};
use crate::source::Span;

/// Drops findings about the effect of a resource on another one if the API server or the webhook rejects the first: it has
/// no effect, and the rejection is a finding. A conflict needs both.
pub(super) fn drop_effects_of_rejected(diagnostics: &mut Vec<Diagnostic>, context: &Context<'_>) {
    if !context.rejects_any() {
        return;
    }
    let resources = ResourcesByPlace::new(context.snapshot);
    let resource = |place: Span| resources.around(place).map(|resource| resource.span);
    let is_of = |diagnostic: &Diagnostic, families: &[&Family]| {
        families.iter().any(|family| family.rules.iter().any(|rule| std::ptr::eq(*rule, diagnostic.rule)))
    };
    diagnostics.retain(|diagnostic| {
        let is_conflict = is_of(diagnostic, ABOUT_CONFLICTS);
        if !is_conflict && !is_of(diagnostic, ABOUT_EFFECTS) {
            return true;
        }
        let own = resource(diagnostic.span);
        let others = diagnostic.related.iter().filter_map(|related| resource(related.span));
        let others: BTreeSet<Span> = others.filter(|other| Some(*other) != own).collect();
        let is_own_rejected = is_conflict && !others.is_empty() && own.is_some_and(|own| context.rejects(own));
        !is_own_rejected && !others.iter().any(|other| context.rejects(*other))
    });
}

/// Merges the findings that the same meshes have of a cause into the most severe of them, of which the first. The others
/// become related places. The findings are in the order of the files.
pub(super) fn merge(diagnostics: &mut Vec<Diagnostic>) {
    let mut by_cause: BTreeMap<(String, Vec<Arc<str>>), Vec<usize>> = BTreeMap::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if let Some(cause) = &diagnostic.cause {
            by_cause.entry((cause.clone(), diagnostic.meshes.clone())).or_default().push(index);
        }
    }
    let mut merged = BTreeSet::new();
    for indices in by_cause.into_values().filter(|indices| indices.len() > 1) {
        // `max_by_key` returns the last of equals, so the indices are reversed.
        let main = indices.iter().rev().copied().max_by_key(|&index| diagnostics[index].severity).unwrap_or_default();
        let others: Vec<usize> = indices.into_iter().filter(|&index| index != main).collect();
        for &other in &others {
            let Diagnostic { span, subject, help, .. } = diagnostics[other].clone();
            if let Some(advice) = &mut diagnostics[main].help {
                advice.join(help.as_ref());
            }
            let of_main = &diagnostics[main];
            let mut known = std::iter::once(of_main.span).chain(of_main.related.iter().map(|related| related.span));
            if !known.any(|known| known == span) {
                diagnostics[main].related.push(Related { message: "also named here".to_owned(), span, subject });
            }
        }
        merged.extend(others);
    }
    let mut index = 0;
    diagnostics.retain(|_| {
        index += 1;
        !merged.contains(&(index - 1))
    });
}
