//! Edits that are right wherever their text is used.

use std::collections::BTreeMap;

use super::diagnostic::Diagnostic;
use super::locate::ResourcesByPlace;
use crate::advice::{Edit, Resolver};
use crate::source::FileId;
use crate::world::World;

/// Drops the fixes of rendered resources whose edits would not change the written text as they change the rendered one.
pub(super) fn keep(diagnostics: &mut [Diagnostic], world: &World<'_>) {
    let snapshot = world.snapshot;
    if snapshot.resources().all(|resource| resource.rendered.is_none()) {
        return;
    }
    let resources = ResourcesByPlace::new(snapshot);
    let mut resolver = Resolver::new(&snapshot.sources);
    let mut holds = |edit: &Edit| {
        let rendered = resources.around(edit.place()).and_then(|resource| resource.rendered.as_deref());
        rendered.is_none_or(|tree| resolver.holds_in(edit, tree))
    };
    for advice in diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.help.as_mut()) {
        advice.retain_fixes(|edits| edits.iter().all(&mut holds));
    }
}

/// Drops the fixes of a finding that some of the meshes that read the edited files do not have: what is right for one mesh
/// would change another one. `found_in` has the indices of the meshes with the finding, in order.
pub(super) fn keep_shared(finding: &mut Diagnostic, found_in: &[usize], readers: &BTreeMap<FileId, Vec<usize>>) {
    let Some(advice) = &mut finding.help else { return };
    let has_finding = |reader: &usize| found_in.binary_search(reader).is_ok();
    let holds = |edit: &Edit| readers.get(&edit.place().file).is_none_or(|readers| readers.iter().all(has_finding));
    advice.retain_fixes(|edits| edits.iter().all(holds));
}
