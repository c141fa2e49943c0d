//! `exportTo` (istio: `validateExportTo`).

use std::collections::BTreeSet;

use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::syntax::is_label;
use crate::validate::violation::Found;

/// What a kind lets its `exportTo` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `.`, `*` and names of namespaces.
    Usual,
    /// Also `~`, nobody: a ServiceEntry.
    Nobody,
    /// Only its own namespace: a DestinationRule that selects workloads.
    OwnOnly,
}

/// Checks the entries.
pub fn check(entries: &[Spanned<String>], takes: Takes, found: &mut Found<'_>) {
    let own = found.namespace();
    let mut valid: BTreeSet<&str> = BTreeSet::new();
    let (mut all, mut nobody) = (None, None);
    for entry in entries {
        let text = entry.as_str();
        let meant = if text == "." { own } else { text };
        let is_known = match text {
            "." | "*" => true,
            "~" if takes == Takes::Nobody => true,
            "~" => {
                found
                    .error(
                        "EX-2",
                        Family::InvalidReference,
                        entry.span,
                        "only a ServiceEntry can be exported to nobody (~)",
                    )
                    .help("write . to keep it in its namespace");
                continue;
            }
            name => is_label(name),
        };
        if !is_known {
            let message = format!("{text:?} is no namespace");
            found.error("EX-3", Family::InvalidReference, entry.span, message).help("it takes ., * or a namespace");
            continue;
        }
        if !valid.insert(meant) {
            found.error("EX-1", Family::DuplicateEntry, entry.span, format!("{text} is listed twice"));
        }
        all = all.or((text == "*").then_some(entry.span));
        nobody = nobody.or((text == "~").then_some(entry.span));
    }
    let several = valid.len() > 1;
    if let Some(span) = all.filter(|_| several) {
        found
            .error("EX-4", Family::ConflictingFields, span, "* already stands for all namespaces, the others included")
            .help("remove either * or the other entries");
    }
    if let Some(span) = nobody.filter(|_| several) {
        found
            .error("EX-5", Family::ConflictingFields, span, "~ exports to nobody, and other entries stand beside it")
            .help("remove either ~ or the other entries");
    }
    if takes == Takes::OwnOnly
        && let Some(first) = entries.first()
    {
        let message = "a DestinationRule that selects workloads can only be exported to its own namespace";
        let help = "write exportTo: [.], or leave it out";
        if valid.contains(own) && several {
            found.error("EX-6", Family::ConflictingFields, first.span, message).help(help);
        } else if !valid.contains(own) {
            found.error("EX-7", Family::ConflictingFields, first.span, message).help(help);
        }
    }
}
