//! Many findings, and how long they take.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]
#![allow(clippy::disallowed_macros, reason = "a measurement is printed")]

use super::*;
use crate::lint::Rule;
use crate::report::positions::Positions;

/// Many findings of one rule, in several files, after one finding of another.
fn many(number: usize) -> (Sources, Report) {
    let mut sources = Sources::default();
    let mut report = Report::default();
    for at in 0..number.div_ceil(40) {
        let file = sources.add(format!("manifests/file{at}.yaml"), "metadata: {}\nspec:\n  hsots: [a]\n");
        for _ in 0..(number - at * 40).min(40) {
            report.diagnostics.push(finding(&sources, &UNKNOWN_FIELD, file, "hsots", "unknown field \"hsots\""));
        }
    }
    report.summary.errors = number;
    (sources, report)
}

#[test]
fn hundreds_of_findings_of_one_rule_end_in_a_number() {
    let (sources, mut report) = many(262);
    report.diagnostics[8].message =
        "a message that is much longer than all of the others and goes on and on".to_owned();
    let text = render(&report, &sources);
    assert_eq!(text.matches("error[unknown-field]").count(), 3);
    assert_eq!(text.matches("docs:").count(), 1);
    insta::assert_snapshot!(&text[text.find("259 more").unwrap()..], @r#"
    259 more errors of unknown-field:
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: a message that is much longer than all of the other…
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file0.yaml:3:3: unknown field "hsots"
      … and 249 more in 7 files; `--quiet` lists all

    262 errors (0 resources in 0 files)
    start with `unknown-field` (262 errors in 7 files): `mesh explain unknown-field`
    "#);
}

/// A report with findings of two rules in two files, the worst last.
fn mixed(errors: usize, warnings: usize, infos: usize) -> (Sources, Report) {
    let mut sources = Sources::default();
    let mut report = Report::default();
    let text = "metadata: {}\nspec:\n  hsots: [a]\n";
    let files = [sources.add("a.yaml", text), sources.add("b.yaml", text)];
    let severities = [(infos, Severity::Info), (warnings, Severity::Warning), (errors, Severity::Error)];
    for (number, severity) in severities {
        for index in 0..number {
            let rule = if index % 2 == 0 { &DUPLICATE_HOST } else { &UNKNOWN_FIELD };
            let mut diagnostic = finding(&sources, rule, files[index % 2], "hsots", "a message");
            diagnostic.severity = severity;
            report.diagnostics.push(diagnostic);
        }
    }
    report.diagnostics.sort_by_key(|diagnostic| diagnostic.span.file);
    report.summary = Summary { files: 2, resources: 2, errors, warnings, infos, ..Summary::default() };
    (sources, report)
}

#[test]
fn errors_come_first() {
    let (sources, report) = mixed(2, 2, 0);
    let text = render(&report, &sources);
    let heads: Vec<&str> = text.lines().filter(|line| line.contains('[') && !line.starts_with(' ')).collect();
    let expected =
        ["error[duplicate-host]", "error[unknown-field]", "warning[duplicate-host]", "warning[unknown-field]"];
    assert_eq!(heads, expected);
}

#[test]
fn infos_are_hidden_beside_errors_or_if_they_are_many() {
    let shows = |errors, infos, lowest| {
        let (sources, report) = mixed(errors, 0, infos);
        let mut out = Vec::new();
        lint(&report, &sources, &View { lowest, meshes: None }, &Style::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let hidden = text.lines().find(|line| line.contains("hidden")).map(str::to_owned);
        (text.contains("info["), hidden)
    };
    assert_eq!(shows(0, 10, None), (true, None));
    assert_eq!(shows(0, 11, None), (false, Some("11 infos hidden; show them with `--show info`".to_owned())));
    assert_eq!(shows(1, 1, None), (false, Some("1 info hidden; show it with `--show info`".to_owned())));
    assert_eq!(shows(1, 1, Some(Severity::Info)), (true, None));
    assert_eq!(shows(0, 1, Some(Severity::Warning)), (false, None));
}

#[test]
fn a_long_report_has_examples_of_each_rule() {
    let (sources, report) = mixed(12, 12, 0);
    let text = render(&report, &sources);
    assert!(text.lines().count() < 100, "{text}");
    let heads: Vec<&str> = text.lines().filter(|line| line.contains('[') && !line.starts_with(' ')).collect();
    for head in ["error[duplicate-host]", "error[unknown-field]", "warning[duplicate-host]", "warning[unknown-field]"] {
        assert!(heads.contains(&head), "{head}: {heads:?}");
    }
    insta::assert_snapshot!(&text[text.find(" more errors of").unwrap() - 1..], @r"
    5 more errors of unknown-field:
      b.yaml:3:3: a message
      b.yaml:3:3: a message
      b.yaml:3:3: a message
      b.yaml:3:3: a message
      b.yaml:3:3: a message
    4 more errors of duplicate-host:
      a.yaml:3:3: a message
      a.yaml:3:3: a message
      a.yaml:3:3: a message
      a.yaml:3:3: a message
    5 more warnings of duplicate-host:
      a.yaml:3:3: a message
      a.yaml:3:3: a message
      a.yaml:3:3: a message
      … and 2 more in 1 file; `--quiet` lists all
    5 more warnings of unknown-field:
      b.yaml:3:3: a message
      b.yaml:3:3: a message
      b.yaml:3:3: a message
      … and 2 more in 1 file; `--quiet` lists all

    12 errors, 12 warnings (2 resources in 2 files)
    start with `duplicate-host` (6 errors in 1 file): `mesh explain duplicate-host`
    ");
}

/// Beyond the limit for all rules, the findings of a rule are a number.
#[test]
fn the_least_frequent_rules_are_only_counted() {
    const NAMES: [&str; 8] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "a-rule-with-a-long-name"];
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", "hosts: [a]\n");
    let mut report = Report::default();
    for (index, name) in NAMES.into_iter().enumerate() {
        let rule = Box::leak(Box::new(Rule {
            name,
            summary: "",
            findings: UNKNOWN_FIELD.findings,
            page: "",
            check: |_, _| {},
        }));
        for number in 0..20 + index {
            let mut diagnostic = finding(&sources, rule, file, "hosts", "a message");
            diagnostic.severity = if number % 2 == 0 { Severity::Error } else { Severity::Warning };
            report.diagnostics.push(diagnostic);
        }
    }
    report.summary = Summary { files: 1, resources: 8, errors: 96, warnings: 92, ..Summary::default() };
    let text = render(&report, &sources);
    assert!(text.lines().count() < 110, "{text}");
    insta::assert_snapshot!(&text[text.find(" more errors:").unwrap() - 2..], @r"
    51 more errors:
      delta (11), epsilon (11), beta (10), gamma (10), alpha (9)
    92 more warnings:
      a-rule-with-a-long-name (13), eta (13), epsilon (12), zeta (12), delta (11),
      gamma (11), alpha (10), beta (10)

    96 errors, 92 warnings (8 resources in 1 file)
    start with `a-rule-with-a-long-name` (14 errors in 1 file): `mesh explain a-rule-with-a-long-name`
    ");
}

#[test]
fn quiet_output_has_a_line_for_each_finding() {
    let (sources, report) = mixed(0, 1, 2);
    let mut out = Vec::new();
    lines(&report, &sources, &View::default(), &Style::default(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
    a.yaml:3:3: warning[duplicate-host] a message
    a.yaml:3:3: info[duplicate-host] a message
    b.yaml:3:3: info[unknown-field] a message
    ");
}

#[test]
fn statistics_are_a_table_of_rules() {
    let (_, mut report) = mixed(3, 2, 1);
    let mut out = Vec::new();
    statistics(&report, &View::default(), &Style::default(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
    ┌────────────────┬────────┬──────────┬───────┬───────┐
    │ RULE           ┆ ERRORS ┆ WARNINGS ┆ INFOS ┆ FILES │
    ╞════════════════╪════════╪══════════╪═══════╪═══════╡
    │ duplicate-host ┆      2 ┆        1 ┆     1 ┆     1 │
    │ unknown-field  ┆      1 ┆        1 ┆       ┆     1 │
    └────────────────┴────────┴──────────┴───────┴───────┘

    3 errors, 2 warnings, 1 info (2 resources in 2 files)
    start with `duplicate-host` (2 errors in 1 file): `mesh explain duplicate-host`
    ");

    report.diagnostics.clear();
    report.summary = Summary { files: 2, resources: 2, ..Summary::default() };
    let mut out = Vec::new();
    statistics(&report, &View::default(), &Style::default(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "no problems found (2 resources in 2 files)\n");
}

#[test]
fn the_text_does_not_grow_with_the_findings() {
    let ((sources, report), (more_sources, more)) = (many(1000), many(4000));
    let (short, long) = (render(&report, &sources), render(&more, &more_sources));
    assert!(long.len() <= short.len() + 10);
}

/// Not a test of time, which other work on the machine would make fail, but of what takes it: run with
/// `cargo test --release -- --ignored --nocapture report`.
#[test]
#[ignore = "measures"]
fn measure_ten_thousand_findings() {
    let mut sources = Sources::default();
    let lines = sources.add("lines.yaml", "      host: a.b.c.d.e.f.g\n".repeat(220_000));
    let minified = sources.add("minified.json", "{\"host\": \"a.b.c.d.e.f.g\"}, ".repeat(4_000_000));
    for file in [lines, minified] {
        let length = sources.file(file).text().len();
        let mut report = Report::default();
        for at in 0..10_000 {
            let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "host", "a message of a few words");
            let start = length / 10_000 * at;
            diagnostic.span = Span::new(file, start, start + 4);
            diagnostic.label = Some("here".to_owned());
            diagnostic.related.push(related("there", Span::new(file, start + 80, start + 85), None));
            diagnostic.help = Some("some help".into());
            report.diagnostics.push(diagnostic);
        }
        let start = std::time::Instant::now();
        let length = render(&report, &sources).len();
        println!("text, as printed: {:?}, {length} bytes", start.elapsed());

        let start = std::time::Instant::now();
        let (mut text, theme) = (String::new(), Theme::new(Style::default()));
        let mut positions = Positions::new(&sources);
        for diagnostic in &report.diagnostics {
            finding::push(&mut text, diagnostic, &sources, &mut positions, &theme, false);
        }
        println!("text, all in full: {:?}, {} bytes", start.elapsed(), text.len());

        let start = std::time::Instant::now();
        let mut out = Vec::new();
        crate::report::json::lint(&report, &[], &sources, &mut out).unwrap();
        println!("json: {:?}, {} bytes", start.elapsed(), out.len());
    }
}
