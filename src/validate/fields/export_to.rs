//! `exportTo` (istio: `validateExportTo`).

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::is_label;
use crate::validate::violation::Violations;

/// The entries that a kind accepts in `exportTo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedExports {
    /// `.`, `*` and names of namespaces.
    Namespaces,
    /// Also `~`, no namespace: a ServiceEntry.
    NamespacesOrNone,
    /// Only the namespace of the resource: a DestinationRule that selects workloads.
    OwnNamespace,
}

/// Checks the entries.
pub fn check(entries: &[Spanned<String>], allowed: AllowedExports, violations: &mut Violations<'_>) {
    let own = violations.namespace();
    let mut valid: BTreeSet<&str> = BTreeSet::new();
    let (mut all, mut none) = (None, None);
    for entry in entries {
        let text = entry.as_str();
        let namespace = if text == "." { own } else { text };
        let is_known = match text {
            "." | "*" => true,
            "~" if allowed == AllowedExports::NamespacesOrNone => true,
            "~" => {
                violations
                    .error(
                        "EX-2",
                        Mistake::InvalidReference,
                        entry.span,
                        "only a ServiceEntry can be exported to no namespace, `~`",
                    )
                    .help({
                        let edit = Edit::set(entry.span, ".");
                        Advice::new(format!("use {edit} to export it to its own namespace only")).fix([edit])
                    });
                continue;
            }
            name => is_label(name),
        };
        if !is_known {
            let message = format!("{} is not a valid namespace", quoted(text));
            violations
                .error("EX-3", Mistake::InvalidReference, entry.span, message)
                .help("use `.`, `*` or the name of a namespace");
            continue;
        }
        if !valid.insert(namespace) {
            let message = format!("{} is listed twice", quoted(text));
            violations
                .error("EX-1", Mistake::DuplicateEntry, entry.span, message)
                .help(Advice::new("remove one of the two").option([Edit::remove(entry.span)]));
        }
        all = all.or((text == "*").then_some(entry.span));
        none = none.or((text == "~").then_some(entry.span));
    }
    let several = valid.len() > 1;
    if let Some(span) = all.filter(|_| several) {
        violations
            .error("EX-4", Mistake::ConflictingFields, span, "`*` already exports to all namespaces")
            .help(Advice::new("remove `*` or the other entries").option([Edit::remove(span)]));
    }
    if let Some(span) = none.filter(|_| several) {
        violations
            .error(
                "EX-5",
                Mistake::ConflictingFields,
                span,
                "`~` exports to no namespace, which contradicts the other entries",
            )
            .help(Advice::new("remove `~` or the other entries").option([Edit::remove(span)]));
    }
    if allowed == AllowedExports::OwnNamespace
        && let Some(first) = entries.first()
    {
        let message = "a DestinationRule with `workloadSelector` can only be exported to its own namespace";
        let help = "write `exportTo: [.]`";
        if valid.contains(own) && several {
            violations.error("EX-6", Mistake::ConflictingFields, first.span, message).help(help);
        } else if !valid.contains(own) {
            violations.error("EX-7", Mistake::ConflictingFields, first.span, message).help(help);
        }
    }
}
