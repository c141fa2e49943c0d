//! Many findings, and how long they take.

#![allow(clippy::disallowed_macros, reason = "a measurement is printed")]

use super::*;

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
    report.diagnostics[45].message =
        "a message that is much longer than all of the others and goes on and on".to_owned();
    let text = render(&report, &sources);
    assert_eq!(text.matches("error[unknown-field]").count(), 20);
    assert_eq!(text.matches("docs:").count(), 1);
    let below = &text[text.find("242 more").unwrap()..];
    let lines: Vec<&str> = below.lines().collect();
    assert_eq!(lines.len(), 1 + 30 + 1 + 2);
    insta::assert_snapshot!([&lines[..2], &lines[25..]].concat().join("\n"), @r#"
    242 more findings of unknown-field:
      manifests/file0.yaml:3:3: unknown field "hsots"
      manifests/file1.yaml:3:3: unknown field "hsots"
      manifests/file1.yaml:3:3: a message that is much longer than all of the other…
      manifests/file1.yaml:3:3: unknown field "hsots"
      manifests/file1.yaml:3:3: unknown field "hsots"
      manifests/file1.yaml:3:3: unknown field "hsots"
      manifests/file1.yaml:3:3: unknown field "hsots"
      … and 212 more in 6 files; `--format json` lists all

    262 errors in 0 files (0 resources)
    "#);
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
            diagnostic.help = Some("some help".to_owned());
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
        crate::report::json::lint(&report, &sources, &mut out).unwrap();
        println!("json: {:?}, {} bytes", start.elapsed(), out.len());
    }
}
