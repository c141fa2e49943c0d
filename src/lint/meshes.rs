//! Linting of several meshes: each on its own, with one report for all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::diagnostic::{Diagnostic, DiagnosticKey};
use super::rules::{self, unused_suppression, yaml_syntax};
use super::together::Alternatives;
use super::{Report, Reporting, Summary, Unchecked, causes, compare, exact, report_of};
use crate::layout::{Mesh, MeshSource};
use crate::source::{FileId, Span};
use crate::world::World;

/// Runs all rules on each mesh. A finding that several meshes have is one finding.
pub fn run_meshes(worlds: &[(&Mesh, World<'_>)], reporting: &Reporting) -> Report {
    // The meshes alone keep all threads busy if there are enough of them.
    let rules_at_once = if worlds.len() < rayon::current_num_threads() { 1 } else { rules::ALL.len() };
    let report = |(_, world): &(&Mesh, World<'_>)| report_of(world, &rules::ALL, reporting, rules_at_once);
    let reports: Vec<Report> = worlds.par_iter().map(report).collect();
    let meshes: Vec<&Mesh> = worlds.iter().map(|(mesh, _)| *mesh).collect();
    let mut merged = merge(&meshes, reports);
    causes::merge(&mut merged.diagnostics);
    reporting.add_mistakes(&mut merged);
    merged.count();
    merged
}

/// Merges the reports of meshes.
fn merge(meshes: &[&Mesh], mut reports: Vec<Report>) -> Report {
    let sources = meshes.first().map(|mesh| Arc::clone(&mesh.snapshot.sources)).unwrap_or_default();
    let alternatives = Alternatives::new(meshes, &sources);
    if reports.len() == 1 {
        let mut only = reports.remove(0);
        only.diagnostics.retain(|finding| !alternatives.explain(finding));
        return only;
    }
    let mut findings: BTreeMap<(DiagnosticKey, usize), (Diagnostic, Vec<usize>)> = BTreeMap::new();
    let mut unchecked: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    let mut suppressed = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (index, report) in reports.into_iter().enumerate() {
        // A mesh can have several findings of one kind at a place.
        let mut times: BTreeMap<DiagnosticKey, usize> = BTreeMap::new();
        for diagnostic in report.diagnostics {
            let time = times.entry(diagnostic.key()).or_default();
            *time += 1;
            let key = (diagnostic.key(), *time);
            let help = diagnostic.help.clone();
            let (finding, found_in) = findings.entry(key).or_insert_with(|| (diagnostic, Vec::new()));
            if let Some(advice) = &mut finding.help
                && help.as_ref() != Some(advice)
            {
                // A value that is right for one mesh can be wrong for another one.
                advice.retain_fixes(|_| false);
            }
            found_in.push(index);
        }
        for Unchecked { rule, count, reason } in report.unchecked {
            let most = unchecked.entry((rule, reason)).or_default();
            *most = count.max(*most);
        }
        suppressed.extend(report.suppressed);
        used.extend(report.used);
    }
    let names: Vec<Arc<str>> = meshes.iter().map(|mesh| mesh.name.as_str().into()).collect();
    let readers = readers(meshes);
    let findings = findings
        .into_values()
        .filter(|(finding, found_in)| holds(finding, found_in, &readers, meshes) && !alternatives.explain(finding));
    let named = findings.map(|(mut finding, found_in)| {
        exact::keep_shared(&mut finding, &found_in, &readers);
        finding.meshes = found_in.into_iter().map(|index| Arc::clone(&names[index])).collect();
        finding
    });
    let mut merged = Report { diagnostics: named.collect(), ..Report::default() };
    merged.diagnostics.sort_by(compare);
    merge_unrendered(&mut unchecked, meshes);
    merged.unchecked.extend(unchecked.into_iter().map(|((rule, reason), count)| Unchecked { rule, count, reason }));
    merged.suppressed = suppressed.into_iter().collect();
    merged.used = used;
    merged.summary = totals(meshes);
    merged
}

/// The meshes that read each file, in order.
fn readers(meshes: &[&Mesh]) -> BTreeMap<FileId, Vec<usize>> {
    let mut readers: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for (index, mesh) in meshes.iter().enumerate() {
        mesh.snapshot.files.iter().for_each(|file| readers.entry(*file).or_default().push(index));
    }
    readers
}

/// Puts what is not known yet in all meshes in the place of the reasons of single meshes, which name only their own files.
fn merge_unrendered(unchecked: &mut BTreeMap<(&'static str, String), usize>, meshes: &[&Mesh]) {
    let rule = yaml_syntax::RULE.name;
    let before = unchecked.len();
    unchecked.retain(|(of_rule, _), _| *of_rule != rule);
    if unchecked.len() < before {
        let all = yaml_syntax::unrendered(meshes.iter().map(|mesh| &mesh.snapshot));
        unchecked.extend(all.into_iter().map(|(gap, count)| ((rule, gap.to_string()), count)));
    }
}

/// Whether a finding holds although some of the meshes that read the file do not have it. Alternatives that were found by
/// their files must agree, as the file may belong to some of them only. A comment is unused if no mesh uses it. `found_in`
/// has the meshes with the finding, in order.
fn holds(finding: &Diagnostic, found_in: &[usize], readers: &BTreeMap<FileId, Vec<usize>>, meshes: &[&Mesh]) -> bool {
    let file = finding.span.file;
    let must_agree = finding.rule.name == unused_suppression::RULE.name
        || found_in.iter().all(|&index| meshes[index].source == MeshSource::Alternatives);
    let mut readers = readers.get(&file).into_iter().flatten();
    !must_agree || readers.all(|index| found_in.binary_search(index).is_ok())
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
