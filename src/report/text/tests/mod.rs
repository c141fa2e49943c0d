//! The text as its reader sees it, 80 columns wide.

mod excerpts;
mod volume;

use super::*;
use crate::lint::{Diagnostic, Severity, Summary, Unchecked};
use crate::report::sample::{DUPLICATE_HOST, UNKNOWN_FIELD, finding, manifest, related, span, virtual_service};
use crate::source::Span;

fn render_with(report: &Report, sources: &Sources, style: &Style) -> String {
    let mut out = Vec::new();
    lint(report, sources, &View::default(), style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn render(report: &Report, sources: &Sources) -> String {
    render_with(report, sources, &Style::default())
}

fn duplicate_host() -> (Sources, Report) {
    let mut sources = Sources::default();
    let a = sources.add("manifests/reviews-a.yaml", manifest("reviews-a"));
    let b = sources.add("manifests/reviews-b.yaml", manifest("reviews-b"));
    let message = "host reviews.default.svc.cluster.local is defined by two VirtualServices bound to the mesh";
    let mut duplicate = finding(&sources, &DUPLICATE_HOST, b, "reviews\n", message);
    duplicate.span.end -= 1;
    duplicate.label = Some("defined again".to_owned());
    duplicate.subject = virtual_service("reviews-b", "spec.hosts[0]");
    let first = Span { file: a, ..duplicate.span };
    duplicate.related.push(related("first defined here", first, virtual_service("reviews-a", "spec.hosts[0]")));
    let name = span(&sources, b, "reviews-b");
    duplicate.related.push(related("this one is newer", name, None));
    duplicate.help = Some("merge the routes into one VirtualService".into());
    let mut unknown = finding(&sources, &UNKNOWN_FIELD, b, "destination", "unknown field \"destination\"");
    unknown.severity = Severity::Warning;
    let report = Report {
        diagnostics: vec![duplicate, unknown],
        unchecked: vec![
            Unchecked {
                rule: "unknown-host",
                count: 3,
                reason: "no Service of namespace payments is among the manifests".to_owned(),
            },
            Unchecked { rule: "unknown-port", count: 1, reason: "short".to_owned() },
        ],
        summary: Summary {
            files: 12,
            resources: 34,
            skipped: 5,
            errors: 1,
            warnings: 1,
            infos: 0,
            suppressed: 0,
            known: 0,
            unchanged: 0,
        },
        ..Report::default()
    };
    (sources, report)
}

#[test]
fn a_report_reads_well() {
    let (sources, report) = duplicate_host();
    insta::assert_snapshot!(render(&report, &sources), @r#"
    error[duplicate-host] VirtualService default/reviews-b, spec.hosts[0]
      × host reviews.default.svc.cluster.local is defined by two VirtualServices
      │ bound to the mesh
       ╭─[manifests/reviews-b.yaml:7:5]
     3 │ metadata:
     4 │   name: reviews-b
       ·         ────┬────
       ·             ╰── this one is newer
     5 │ spec:
     6 │   hosts:
     7 │   - reviews
       ·     ───┬───
       ·        ╰── defined again
     8 │   http:
       ╰────
      → first defined here (VirtualService default/reviews-a)
       ╭─[manifests/reviews-a.yaml:7:5]
     6 │   hosts:
     7 │   - reviews
       ·     ───────
     8 │   http:
       ╰────
      help: merge the routes into one VirtualService
      docs: mesh explain duplicate-host

    warning[unknown-field]
      ⚠ unknown field "destination"
        ╭─[manifests/reviews-b.yaml:10:7]
      9 │   - route:
     10 │     - destination:
        ·       ───────────
     11 │         host: reviews
        ╰────
      docs: mesh explain unknown-field

    Not checked (needs manifests or settings that were not given):
      unknown-host (3): no Service of namespace payments is among the manifests
      unknown-port (1): short

    1 error, 1 warning (34 resources in 12 files, 5 of other kinds skipped)
    "#);
}

#[test]
fn without_unicode_all_is_ascii() {
    let (sources, report) = duplicate_host();
    let text = render_with(&report, &sources, &Style { unicode: false, ..Style::default() });
    assert!(text.is_ascii());
    insta::assert_snapshot!(text, @r#"
    error[duplicate-host] VirtualService default/reviews-b, spec.hosts[0]
      x host reviews.default.svc.cluster.local is defined by two VirtualServices
      | bound to the mesh
       ,-[manifests/reviews-b.yaml:7:5]
     3 | metadata:
     4 |   name: reviews-b
       :         ^^^^|^^^^
       :             `-- this one is newer
     5 | spec:
     6 |   hosts:
     7 |   - reviews
       :     ^^^|^^^
       :        `-- defined again
     8 |   http:
       `----
      > first defined here (VirtualService default/reviews-a)
       ,-[manifests/reviews-a.yaml:7:5]
     6 |   hosts:
     7 |   - reviews
       :     ^^^^^^^
     8 |   http:
       `----
      help: merge the routes into one VirtualService
      docs: mesh explain duplicate-host

    warning[unknown-field]
      ! unknown field "destination"
        ,-[manifests/reviews-b.yaml:10:7]
      9 |   - route:
     10 |     - destination:
        :       ^^^^^^^^^^^
     11 |         host: reviews
        `----
      docs: mesh explain unknown-field

    Not checked (needs manifests or settings that were not given):
      unknown-host (3): no Service of namespace payments is among the manifests
      unknown-port (1): short

    1 error, 1 warning (34 resources in 12 files, 5 of other kinds skipped)
    "#);
}

#[test]
fn colour_adds_nothing_but_escape_codes() {
    let (sources, report) = duplicate_host();
    let colored = render_with(&report, &sources, &Style { color: true, ..Style::default() });
    assert!(colored.contains("\u{1b}[31;1merror[duplicate-host]\u{1b}[0m"), "{colored:?}");
    let mut plain = String::new();
    for (index, part) in colored.split('\u{1b}').enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, render(&report, &sources));
}

#[test]
fn nothing_found() {
    let mut report = Report {
        summary: Summary { files: 1, resources: 2, suppressed: 1, ..Summary::default() },
        ..Report::default()
    };
    let text = render(&report, &Sources::default());
    assert_eq!(text, "no problems found (2 resources in 1 file, 1 finding suppressed)\n");
    report.unchecked = (0..12)
        .map(|index| Unchecked { rule: "unknown-host", count: index, reason: format!("reason {index}") })
        .collect();
    insta::assert_snapshot!(render(&report, &Sources::default()), @r#"
    Not checked (needs manifests or settings that were not given):
      unknown-host (11): reason 11
      unknown-host (10): reason 10
      unknown-host (9): reason 9
      unknown-host (8): reason 8
      unknown-host (7): reason 7
      … and 7 more reasons for 21 references; `--format json` lists all

    no problems found (2 resources in 1 file, 1 finding suppressed)
    "#);
}

#[test]
fn the_summary_names_what_was_checked() {
    let summarise = |meshes, report: &Report| {
        let mut out = Vec::new();
        let view = View { meshes, ..View::default() };
        lint(report, &Sources::default(), &view, &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let summary = Summary { files: 12, resources: 41, ..Summary::default() };
    let report = Report { summary, ..Report::default() };
    assert_eq!(summarise(None, &report), "no problems found (41 resources in 12 files)\n");
    assert_eq!(summarise(Some(3), &report), "no problems found (3 meshes, 41 resources in 12 files)\n");
    assert_eq!(summarise(Some(1), &report), "no problems found (1 mesh, 41 resources in 12 files)\n");
    let summary = Summary { files: 2, skipped: 3, ..Summary::default() };
    let report = Report { summary, ..Report::default() };
    assert_eq!(summarise(None, &report), "nothing to check (0 resources in 2 files, 3 of other kinds skipped)\n");
}
