//! The findings that a change introduces or fixes.

use std::collections::BTreeMap;

use super::{Diagnostic, Report, ResourceName, Severity};
use crate::source::Sources;

/// The findings that only one of two versions of manifests has.
#[derive(Debug, Default)]
pub struct FindingChanges {
    /// Those of the new version.
    pub introduced: Vec<PlacedFinding>,
    /// Those of the old version.
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
}

/// The statement of a finding, wherever it is. A finding that moves to another line or file stays the same.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    rule: &'static str,
    finding: &'static str,
    resource: Option<ResourceName>,
    message: String,
}

impl Identity {
    fn of(diagnostic: &Diagnostic) -> Self {
        let resource = diagnostic.subject.as_ref().map(|subject| subject.resource.clone());
        let message = without_lines(&diagnostic.message);
        Self { rule: diagnostic.rule.name, finding: diagnostic.finding.name, resource, message }
    }
}

/// A message without the numbers of lines, which it may refer to: `a.yaml:12`.
fn without_lines(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(".yaml:").map(|at| at + ".yaml:".len()) {
        text.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ':');
    }
    text + rest
}

impl FindingChanges {
    /// Compares the findings of two versions, each with its sources. If a version has a finding several times, only the
    /// additional ones count.
    pub fn between(old: (&Report, &Sources), new: (&Report, &Sources)) -> Self {
        Self { introduced: only(new, old.0), fixed: only(old, new.0) }
    }
}

fn only((report, sources): (&Report, &Sources), other: &Report) -> Vec<PlacedFinding> {
    let mut known: BTreeMap<Identity, usize> = BTreeMap::new();
    for diagnostic in &other.diagnostics {
        *known.entry(Identity::of(diagnostic)).or_default() += 1;
    }
    let mut found = Vec::new();
    for diagnostic in &report.diagnostics {
        match known.get_mut(&Identity::of(diagnostic)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => found.push(PlacedFinding {
                rule: diagnostic.rule.name,
                severity: diagnostic.severity,
                message: diagnostic.message.clone(),
                file: sources.file(diagnostic.span.file).path().to_owned(),
                line: sources.start(diagnostic.span).line,
            }),
        }
    }
    found.sort_by(|a, b| b.severity.cmp(&a.severity));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Levels, rules};
    use crate::load::Snapshot;
    use crate::world::{Settings, World};

    #[test]
    fn a_finding_that_moves_is_the_same() {
        let route = |host: &str| format!("  - route: [{{destination: {{host: {host}}}}}]\n");
        let manifest = |comment: &str, routes: &str| {
            format!(
                "{comment}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a}}\nspec:\n  \
                 hosts: [a]\n  http:\n{routes}"
            )
        };
        let compare = |old: String, new: String| {
            let snapshots = [old, new].map(|text| Snapshot::of_texts([("a.yaml", text)]));
            let reports = snapshots.each_ref().map(|snapshot| {
                let world = World::new(snapshot, Settings::default());
                crate::lint::report_of(&world, &rules::ALL, &Levels::default(), 1)
            });
            let sides = [0, 1].map(|side| (&reports[side], &*snapshots[side].sources));
            let changes = FindingChanges::between(sides[0], sides[1]);
            [changes.introduced, changes.fixed].map(|all| all.iter().map(|it| it.rule).collect::<Vec<_>>())
        };
        let both = manifest("", &(route("a") + &route("b")));
        assert_eq!(
            compare(both.clone(), manifest("# moved\n", &(route("a") + &route("b")))),
            [Vec::<&str>::new(), vec![]]
        );
        let [introduced, fixed] = compare(manifest("", &route("a")), both);
        assert_eq!((introduced, fixed), (vec!["unreachable-route"], vec![]));
    }

    #[test]
    fn numbers_of_lines_do_not_count() {
        assert_eq!(
            without_lines("defined at x/a.yaml:12:3 and b.yaml:7, too"),
            "defined at x/a.yaml: and b.yaml:, too"
        );
    }
}
