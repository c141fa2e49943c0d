//! Linting of several meshes: each on its own, with one report for all.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::diagnostic::{Diagnostic, DiagnosticKey};
use super::rules::unused_suppression;
use super::{Levels, Report, Summary, Unchecked, compare, run_at};
use crate::layout::Mesh;
use crate::source::Span;
use crate::world::World;

/// Runs all rules on each mesh. A finding that several meshes have is one finding.
pub fn run_meshes(worlds: &[(&Mesh, World<'_>)], levels: &Levels) -> Report {
    let reports: Vec<Report> = worlds.par_iter().map(|(_, world)| run_at(world, levels)).collect();
    let meshes: Vec<&Mesh> = worlds.iter().map(|(mesh, _)| *mesh).collect();
    merge(&meshes, reports)
}

/// Merges the reports of meshes.
fn merge(meshes: &[&Mesh], mut reports: Vec<Report>) -> Report {
    if reports.len() == 1 {
        return reports.remove(0);
    }
    let mut merged = Report { meshes: meshes.iter().map(|mesh| mesh.name.clone()).collect(), ..Report::default() };
    let mut findings: BTreeMap<(DiagnosticKey, usize), Diagnostic> = BTreeMap::new();
    let mut unchecked: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    let mut suppressed = BTreeSet::new();
    for (index, report) in reports.into_iter().enumerate() {
        // A mesh can have several findings of one kind at a place.
        let mut times: BTreeMap<DiagnosticKey, usize> = BTreeMap::new();
        for mut diagnostic in report.diagnostics {
            let time = times.entry(diagnostic.key()).or_default();
            *time += 1;
            let key = (diagnostic.key(), *time);
            diagnostic.meshes.push(index);
            findings.entry(key).and_modify(|known| known.meshes.push(index)).or_insert(diagnostic);
        }
        for Unchecked { rule, count, reason } in report.unchecked {
            let most = unchecked.entry((rule, reason)).or_default();
            *most = count.max(*most);
        }
        suppressed.extend(report.suppressed);
    }
    merged.diagnostics.extend(findings.into_values().filter(|finding| holds(finding, meshes)));
    merged.diagnostics.sort_by(compare);
    merged.unchecked.extend(unchecked.into_iter().map(|((rule, reason), count)| Unchecked { rule, count, reason }));
    merged.suppressed = suppressed.into_iter().collect();
    merged.summary = totals(meshes);
    merged.count();
    merged
}

/// Whether a finding holds although some of the meshes that read the file do not have it. It does, unless these meshes are
/// alternatives that the file is not special to: nothing follows from what a step of a tutorial leaves out. A comment is
/// unused if no mesh uses it.
fn holds(finding: &Diagnostic, meshes: &[&Mesh]) -> bool {
    let file = finding.span.file;
    let is_weak = |mesh: &Mesh| mesh.alternatives.is_some_and(|it| !it.is_exclusive) && !mesh.own.contains(&file);
    let has = |index: usize| finding.meshes.binary_search(&index).is_ok();
    let readers = || meshes.iter().enumerate().filter(|(_, mesh)| mesh.snapshot.files.contains(&file));
    let have_all = || readers().all(|(index, _)| has(index));
    if finding.rule.name == unused_suppression::RULE.name {
        return have_all();
    }
    finding.meshes.iter().any(|&index| !is_weak(meshes[index])) || have_all()
}

/// The totals of several meshes, which count what they share once.
fn totals(meshes: &[&Mesh]) -> Summary {
    let mut files = BTreeSet::new();
    let mut resources: BTreeSet<Span> = BTreeSet::new();
    let mut skipped = BTreeSet::new();
    for mesh in meshes {
        files.extend(mesh.snapshot.files.iter().copied());
        resources.extend(mesh.snapshot.resources().map(|resource| resource.span));
        skipped.extend(mesh.snapshot.skipped.iter().copied());
    }
    Summary { files: files.len(), resources: resources.len(), skipped: skipped.len(), ..Summary::default() }
}
