//! Conflicts between resources that may not be applied together.

use std::collections::BTreeSet;

use super::diagnostic::Diagnostic;
use super::rules::{ABOUT_CONFLICTS, shadowed_match, unreachable_route};
use super::severity::{Certainty, Severity};
use crate::layout::Mesh;
use crate::load::Snapshot;
use crate::source::{FileId, Sources, path};

/// Lowers the severity of conflicts between directories, unless a tool or the user says that their files are applied
/// together. Within one directory, conflicts stay certain.
pub(super) fn doubt(diagnostics: &mut [Diagnostic], snapshot: &Snapshot) {
    if snapshot.applied_together {
        return;
    }
    let directory = |file: FileId| path::directory(snapshot.sources.file(file).path());
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| is_conflict(diagnostic)) {
        let own = directory(diagnostic.span.file);
        if others(diagnostic).any(|file| directory(file) != own) {
            let likely = Severity::of(diagnostic.finding.harm, Certainty::Likely);
            diagnostic.severity = diagnostic.severity.min(likely);
        }
    }
}

/// The directories whose files are alternatives of each other, such as the steps of a tutorial.
pub(super) struct Alternatives<'m> {
    sources: &'m Sources,
    directories: BTreeSet<&'m str>,
}

impl<'m> Alternatives<'m> {
    pub(super) fn new(meshes: &[&'m Mesh], sources: &'m Sources) -> Self {
        let weak = meshes.iter().filter(|mesh| mesh.alternatives.is_some_and(|it| !it.is_exclusive));
        let files = weak.flat_map(|mesh| mesh.own.iter());
        Self { sources, directories: files.map(|file| path::directory(sources.file(*file).path())).collect() }
    }

    /// Whether a finding is a conflict between two files, one of which is in such a directory. The files beside alternatives
    /// are usually alternatives, too, even if their names differ.
    pub(super) fn explain(&self, diagnostic: &Diagnostic) -> bool {
        let is_among = |file: FileId| self.directories.contains(path::directory(self.sources.file(file).path()));
        let file = diagnostic.span.file;
        is_conflict(diagnostic) && others(diagnostic).any(|other| other != file && (is_among(file) || is_among(other)))
    }
}

fn is_conflict(diagnostic: &Diagnostic) -> bool {
    // Routes of several resources can shadow each other, too.
    let about_shadows = [&unreachable_route::RULE, &shadowed_match::RULE];
    let is_shadowed = about_shadows.iter().any(|rule| std::ptr::eq(*rule, diagnostic.rule));
    is_shadowed
        || ABOUT_CONFLICTS.iter().any(|family| family.rules.iter().any(|rule| std::ptr::eq(*rule, diagnostic.rule)))
}

/// The files of the other places of a finding.
fn others(diagnostic: &Diagnostic) -> impl Iterator<Item = FileId> {
    diagnostic.related.iter().map(|related| related.span.file)
}
