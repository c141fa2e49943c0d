//! The findings that a change introduces or fixes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::identity::Identity;
use super::{Diagnostic, Report, Severity};
use crate::source::Sources;

/// The findings that only one of two versions of manifests has.
#[derive(Debug, Default)]
pub struct FindingChanges {
    /// Those of the new version, the worst first.
    pub introduced: Vec<PlacedFinding>,
    /// Those of the old version, the worst first.
    pub fixed: Vec<PlacedFinding>,
}

/// A finding, apart from the sources that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFinding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The message.
    pub message: String,
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The meshes in which the other version does not have it. Empty if the version has only one mesh.
    pub meshes: Vec<String>,
}

/// One version, with its findings.
#[derive(Debug, Clone, Copy)]
pub struct Linted<'l> {
    /// The findings.
    pub report: &'l Report,
    /// The files of the findings.
    pub sources: &'l Sources,
    /// All meshes: the name in the report, and the name that both versions use.
    pub meshes: &'l [(String, String)],
}

impl FindingChanges {
    /// Compares the findings of two versions, mesh by mesh. If a version has a finding several times, only the additional ones
    /// count. A mesh that only one version has brings no findings that the other version has elsewhere: an overlay repeats
    /// those of its base.
    pub fn between(old: Linted<'_>, new: Linted<'_>) -> Self {
        Self { introduced: new.without(old), fixed: old.without(new) }
    }
}

impl<'l> Linted<'l> {
    /// The findings that another version does not have.
    fn without(self, other: Self) -> Vec<PlacedFinding> {
        let mut known = Known::of(other);
        let mut found: Vec<PlacedFinding> = Vec::new();
        for diagnostic in &self.report.diagnostics {
            let identity = Identity::of(diagnostic, self.sources);
            let mut meshes = self.meshes_of(diagnostic);
            meshes.retain(|mesh| !known.takes(&identity, mesh));
            if !meshes.is_empty() {
                found.push(self.place(diagnostic, &meshes));
            }
        }
        found.sort_by_key(|finding| Reverse(finding.severity));
        found
    }

    /// The common names of the meshes that have a finding. The report names none if there is only one.
    fn meshes_of(self, diagnostic: &Diagnostic) -> Vec<&'l str> {
        let has = |name: &str| diagnostic.meshes.is_empty() || diagnostic.meshes.iter().any(|mesh| **mesh == *name);
        self.meshes.iter().filter(|(name, _)| has(name)).map(|(_, common)| common.as_str()).collect()
    }

    fn place(self, diagnostic: &Diagnostic, meshes: &[&str]) -> PlacedFinding {
        let meshes = if self.meshes.len() > 1 { meshes } else { &[] };
        PlacedFinding {
            rule: diagnostic.rule.name,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            file: self.sources.file(diagnostic.span.file).path().to_owned(),
            line: self.sources.start(diagnostic.span).line,
            meshes: meshes.iter().map(|mesh| (*mesh).to_owned()).collect(),
        }
    }
}

/// The findings of a version that no finding of the other one has taken yet.
struct Known<'l> {
    meshes: BTreeSet<&'l str>,
    /// The findings of any mesh.
    anywhere: BTreeSet<Identity<'l>>,
    /// The number of times that a mesh has a finding.
    left: BTreeMap<(&'l str, Identity<'l>), usize>,
}

impl<'l> Known<'l> {
    fn of(version: Linted<'l>) -> Self {
        let mut left: BTreeMap<(&str, Identity<'_>), usize> = BTreeMap::new();
        for diagnostic in &version.report.diagnostics {
            for mesh in version.meshes_of(diagnostic) {
                *left.entry((mesh, Identity::of(diagnostic, version.sources))).or_default() += 1;
            }
        }
        Self {
            meshes: version.meshes.iter().map(|(_, common)| common.as_str()).collect(),
            anywhere: version.report.diagnostics.iter().map(|it| Identity::of(it, version.sources)).collect(),
            left,
        }
    }

    /// Whether the version has a finding in a mesh. Each one counts once.
    fn takes(&mut self, identity: &Identity<'l>, mesh: &'l str) -> bool {
        if !self.meshes.contains(mesh) {
            return self.anywhere.contains(identity);
        }
        let left = self.left.get_mut(&(mesh, identity.clone())).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout;
    use crate::lint::{Reporting, run_meshes};
    use crate::load::Manifests;
    use crate::world::{Settings, World};

    /// A VirtualService whose routes go to some hosts without conditions: each but the first is unreachable.
    fn manifest(comment: &str, hosts: &[&str]) -> String {
        let route = |host: &&str| format!("  - route: [{{destination: {{host: {host}}}}}]\n");
        let routes: String = hosts.iter().map(route).collect();
        format!(
            "{comment}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\n\
             spec:\n  hosts: [a]\n  http:\n{routes}"
        )
    }

    /// The changes, as `rule` or `rule in meshes`: introduced and fixed.
    fn compare(old: &[(&str, String)], new: &[(&str, String)]) -> [Vec<String>; 2] {
        let manifests = [old, new].map(|files| Manifests::of_texts(files.iter().cloned()));
        let meshes = manifests.each_ref().map(|it| layout::find(it, &[]));
        let reports = meshes.each_ref().map(|meshes| {
            let worlds = meshes.iter().map(|mesh| (mesh, World::new(&mesh.snapshot, Settings::default())));
            run_meshes(&worlds.collect::<Vec<_>>(), &Reporting::default())
        });
        let names =
            meshes.each_ref().map(|all| all.iter().map(|it| (it.name.clone(), it.name.clone())).collect::<Vec<_>>());
        let [old, new] =
            [0, 1].map(|it| Linted { report: &reports[it], sources: &manifests[it].sources, meshes: &names[it] });
        let changes = FindingChanges::between(old, new);
        [changes.introduced, changes.fixed].map(|all| {
            let word = |it: &PlacedFinding| match it.meshes.is_empty() {
                true => it.rule.to_owned(),
                false => format!("{} in {}", it.rule, it.meshes.join(", ")),
            };
            all.iter().filter(|it| it.rule == "unreachable-route").map(word).collect()
        })
    }

    #[test]
    fn a_finding_that_moves_is_the_same() {
        let (one, two) = (manifest("", &["a"]), manifest("", &["a", "b"]));
        let moved = manifest("# moved\n", &["a", "b"]);
        assert_eq!(compare(&[("a.yaml", two.clone())], &[("b.yaml", moved)]), [Vec::<String>::new(), vec![]]);
        let introduced = compare(&[("a.yaml", one.clone())], &[("a.yaml", two.clone())]);
        assert_eq!(introduced, [vec!["unreachable-route".to_owned()], vec![]]);
        assert_eq!(compare(&[("a.yaml", two)], &[("a.yaml", one)]), [vec![], vec!["unreachable-route".to_owned()]]);
    }

    #[test]
    fn a_finding_that_is_repeated_counts_again() {
        let (two, three) = (manifest("", &["a", "b"]), manifest("", &["a", "b", "b"]));
        let introduced = compare(&[("a.yaml", two)], &[("a.yaml", three)]);
        assert_eq!(introduced, [vec!["unreachable-route".to_owned()], vec![]]);
    }

    #[test]
    fn findings_belong_to_meshes() {
        let overlay = |name: &'static str, hosts: &[&str]| {
            let path: &'static str = if name == "dev" { "dev/a.yaml" } else { "prod/a.yaml" };
            let list: &'static str = if name == "dev" { "dev/kustomization.yaml" } else { "prod/kustomization.yaml" };
            [(path, manifest("", hosts)), (list, "resources: [a.yaml]\n".to_owned())]
        };
        let (good, bad): (&[&str], &[&str]) = (&["a"], &["a", "b"]);
        let both = |dev: &[&str], prod: &[&str]| [overlay("dev", dev), overlay("prod", prod)].concat();
        let introduced = compare(&both(bad, good), &both(bad, bad));
        assert_eq!(introduced, [vec!["unreachable-route in prod".to_owned()], vec![]]);
        // A new overlay repeats what another mesh has already.
        assert_eq!(compare(&overlay("dev", bad), &both(bad, bad)), [Vec::<String>::new(), vec![]]);
        assert_eq!(compare(&both(good, bad), &overlay("dev", good))[1], ["unreachable-route in prod"]);
    }
}
