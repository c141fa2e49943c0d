//! Every line of `src/validate` that adds a violation is exercised by the page or the cases of some rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mesh::lint::rules;
use rayon::prelude::*;

use crate::cases::examples;
use crate::example::Example;

/// Violations for which a rule of another family has its own, stricter check.
const CHECKED_ELSEWHERE: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  hosts: [cart]
  http:
  - match: [{uri: {prefix: /a}}, {uri: {prefix: /a/b}}]
    route: [{destination: {host: cart}, weight: -1}]
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: cart}, weight: 0}, {destination: {host: other}, weight: 0}]
  - route: [{destination: {host: cart}}]
  - route: [{destination: {host: cart}}]
";

#[test]
fn every_violation_is_exercised() {
    let examples = rules::ALL.par_iter().flat_map_iter(|rule| examples(rule));
    let violations = examples.chain([Example::new(CHECKED_ELSEWHERE)]).flat_map_iter(|it| it.violations());
    let seen: BTreeSet<String> =
        violations.map(|it| format!("{}:{}", it.reported_at.file(), it.reported_at.line())).collect();
    let unseen: Vec<String> = lines().into_iter().filter(|line| !seen.contains(line)).collect();
    assert!(unseen.is_empty(), "no page or case gets to these lines: {unseen:#?}");
}

/// The lines that add a violation.
fn lines() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = Vec::new();
    for entry in walkdir::WalkDir::new(root.join("src/validate")).sort_by_file_name() {
        let path = entry.expect("it can be listed").into_path();
        if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).expect("it can be read");
            let name = path.strip_prefix(root).expect("it is below the root").display().to_string();
            let adds = |line: &str| line.contains(".error(") || line.contains(".warning(");
            lines.extend(
                text.lines().enumerate().filter(|(_, it)| adds(it)).map(|(at, _)| format!("{name}:{}", at + 1)),
            );
        }
    }
    lines
}
