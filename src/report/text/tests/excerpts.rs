//! Single findings, and the source that is shown with them.

use super::*;
use crate::report::text::words::columns;

/// The finding on its own, without the totals.
fn render_one(diagnostic: Diagnostic, sources: &Sources) -> String {
    let report = Report { diagnostics: vec![diagnostic], ..Report::default() };
    let text = render_with(&report, sources, &Style { docs: false, ..Style::default() });
    text.strip_suffix("nothing to check (0 resources in 0 files)\n").unwrap().to_owned()
}

#[test]
fn a_long_line_is_cut_to_what_matters() {
    let mut sources = Sources::default();
    let long = format!(
        "{{\"items\": [{}{{\"host\": \"wanted\", \"port\": 80}}{}]}}",
        "{\"host\": \"other\"}, ".repeat(9000),
        ", {}".repeat(9000)
    );
    let file = sources.add("minified.json", long);
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "\"wanted\"", "no such host");
    diagnostic.label = Some("a label that is so long that it does not fit into what is left of the line".to_owned());
    diagnostic.related.push(related("the port", span(&sources, file, "80"), None));
    diagnostic.related.push(related("far away on the same line", span(&sources, file, "items"), None));
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × no such host
       ╭─[minified.json:1:171021]
     1 │ …st": "other"}, {"host": "wanted", "port": 80}, {}, {}, {}, {}, {}, {}, {…
       ·                          ────┬───          ─┬
       ·                              │              ╰── the port
       ·                              ╰─┤ a label that is so long that it does not
       ·                                │ fit into what is left of the line
       ╰────
      → far away on the same line
       ╭─[minified.json:1:3]
     1 │ {"items": [{"host": "other"}, {"host": "other"}, {"host": "other"}, {"hos…
       ·   ─────
       ╰────
    "#);
}

#[test]
fn a_label_at_the_right_edge_moves_the_line() {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", format!("x:\n  regex: {} END # {}\n", "w".repeat(55), "c".repeat(60)));
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "END", "a message");
    diagnostic.label = Some("this does not match anything at all".to_owned());
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × a message
       ╭─[a.yaml:2:66]
     1 │ x:
     2 │ …wwwwwwwwwwwwwwwwwwwwwww END # cccccccccccccccccccccccccccccccccccccccccc…
       ·                          ─┬─
       ·                           ╰── this does not match anything at all
       ╰────
    "#);
}

#[test]
fn long_words_stay_whole() {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", "host: x\n");
    let link = "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest";
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "host", &format!("see {link} for this"));
    diagnostic.help = Some(format!("first line\nsee {link} for more").into());
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × see
      │ https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest
      │ for this
       ╭─[a.yaml:1:1]
     1 │ host: x
       · ────
       ╰────
      help: first line
            see
            https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest
            for more
    "#);
}

#[test]
fn tabs_wide_characters_and_line_ends_align() {
    let mut sources = Sources::default();
    let file = sources.add("漢.json", "{\r\n\t\"漢字\": \"héllo\",\r\n\t\"b\": 1\r\n}\r\n");
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "\"héllo\"", "not a word");
    diagnostic.label = Some("é is one column".to_owned());
    diagnostic.related.push(related("two columns each", span(&sources, file, "漢字"), None));
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × not a word
       ╭─[漢.json:2:8]
     1 │ {
     2 │     "漢字": "héllo",
       ·      ──┬─   ───┬───
       ·        │       ╰── é is one column
       ·        ╰── two columns each
     3 │     "b": 1
       ╰────
    "#);
}

#[test]
fn escape_codes_of_a_manifest_are_not_sent() {
    let mut sources = Sources::default();
    let file = sources.add("a\u{1b}[2J.yaml", "host: \"\u{1b}[31mred\u{202e}\"\n");
    let diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "host", "host \u{1b}[31mred\nis odd");
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × host \u{1b}[31mred is odd
       ╭─[a\u{1b}[2J.yaml:1:1]
     1 │ host: "\u{1b}[31mred\u{202e}"
       · ────
       ╰────
    "#);
}

#[test]
fn a_place_between_characters_is_marked() {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", "host:\nport: 1\n");
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "host:", "a value is missing");
    diagnostic.span.start = diagnostic.span.end;
    diagnostic.label = Some("here".to_owned());
    insta::assert_snapshot!(render_one(diagnostic.clone(), &sources), @r#"
    error[unknown-field]
      × a value is missing
       ╭─[a.yaml:1:6]
     1 │ host:
       ·      ▲
       ·      ╰── here
     2 │ port: 1
       ╰────
    "#);
    let end = sources.file(file).text().len();
    diagnostic.span = Span::new(file, end, end);
    insta::assert_snapshot!(render_one(diagnostic.clone(), &sources), @r#"
    error[unknown-field]
      × a value is missing
       ╭─[a.yaml:3:1]
     2 │ port: 1
     3 │
       · ▲
       · ╰── here
       ╰────
    "#);
    let empty = sources.add("empty.yaml", "");
    diagnostic.span = Span::new(empty, 0, 0);
    insta::assert_snapshot!(render_one(diagnostic.clone(), &sources), @r#"
    error[unknown-field]
      × a value is missing
       ╭─[empty.yaml:1:1]
     1 │
       · ▲
       · ╰── here
       ╰────
    "#);
    let open = sources.add("open.yaml", "a: b");
    diagnostic.span = Span::new(open, 4, 9);
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × a value is missing
       ╭─[open.yaml:1:5]
     1 │ a: b
       ·     ▲
       ·     ╰── here
       ╰────
    "#);
}

#[test]
fn a_mapping_is_marked_on_its_first_line() {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", manifest("a"));
    let text = manifest("a");
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "spec:", "nothing selects it");
    diagnostic.span = Span::new(file, text.find("hosts").unwrap(), text.len());
    diagnostic.related.push(related("inside it", span(&sources, file, "route"), None));
    diagnostic.related.push(related("the same place", diagnostic.span, None));
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × nothing selects it
        ╭─[a.yaml:6:3]
      5 │ spec:
      6 │   hosts:
        ·   ──────
      7 │   - reviews
      8 │   http:
      9 │   - route:
        ·     ──┬──
        ·       ╰── inside it
     10 │     - destination:
        ╰────
      → the same place
       ╭─[a.yaml:6:3]
     5 │ spec:
     6 │   hosts:
       ·   ──────
     7 │   - reviews
       ╰────
    "#);
}

#[test]
fn places_in_one_file_share_an_excerpt_if_they_are_near() {
    let mut sources = Sources::default();
    let text: String = (1..=60).map(|line| format!("key{line}: value{line}\n")).collect();
    let file = sources.add("a.yaml", text);
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "key20", "keys do not agree");
    for other in ["value20", "key14", "key28", "key29", "key57", "key58", "key60"] {
        diagnostic.related.push(related(&format!("see {other}"), span(&sources, file, other), None));
    }
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × keys do not agree
        ╭─[a.yaml:20:1]
     13 │ key13: value13
     14 │ key14: value14
        · ──┬──
        ·   ╰── see key14
     15 │ key15: value15
     16 │ key16: value16
     17 │ key17: value17
     18 │ key18: value18
     19 │ key19: value19
     20 │ key20: value20
        · ──┬──  ───┬───
        ·   │       ╰── see value20
        ·   ╰── here
     21 │ key21: value21
     22 │ key22: value22
     23 │ key23: value23
     24 │ key24: value24
     25 │ key25: value25
     26 │ key26: value26
     27 │ key27: value27
     28 │ key28: value28
        · ──┬──
        ·   ╰── see key28
     29 │ key29: value29
        ╰────
      → see key29
        ╭─[a.yaml:29:1]
     28 │ key28: value28
     29 │ key29: value29
        · ─────
     30 │ key30: value30
        ╰────
      → see key57
        ╭─[a.yaml:57:1]
     56 │ key56: value56
     57 │ key57: value57
        · ─────
     58 │ key58: value58
        ╰────
      → see key58
        ╭─[a.yaml:58:1]
     57 │ key57: value57
     58 │ key58: value58
        · ─────
     59 │ key59: value59
        ╰────
      … and 1 more place
    "#);
}

#[test]
fn a_rendered_document_names_its_template() {
    let mut sources = Sources::default();
    let file = sources.add("<stdin>", "---\n# Source: shop/templates/a.yaml\nhost: x\n");
    let diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "host", "a message");
    insta::assert_snapshot!(render_one(diagnostic, &sources), @r#"
    error[unknown-field]
      × a message
       ╭─[shop/templates/a.yaml in <stdin>:3:1]
     2 │ # Source: shop/templates/a.yaml
     3 │ host: x
       · ────
       ╰────
    "#);
}

/// An excerpt names one template, so it does not go on in a document of another one.
#[test]
fn documents_of_two_templates_have_two_excerpts() {
    let mut sources = Sources::default();
    let text = "---\n# Source: shop/templates/a.yaml\nhost: x\n---\n# Source: shop/templates/b.yaml\nname: x\n";
    let file = sources.add("<stdin>", text);
    let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "host", "a message");
    diagnostic.related.push(related("the other one", span(&sources, file, "name"), None));
    let shown = render_one(diagnostic, &sources);
    assert!(shown.contains("[shop/templates/a.yaml in <stdin>:3:1]"), "{shown}");
    assert!(shown.contains("[shop/templates/b.yaml in <stdin>:6:1]"), "{shown}");
}

proptest::proptest! {
    /// Whatever a file holds and wherever a rule points, also outside of it: nothing panics, no control character gets
    /// through, and no line of source runs over the right edge.
    #[test]
    fn any_place_of_any_file_can_be_shown(
        text in "([a-z: é漢\\t\\u{1b}\\u{0301}\\u{2028}😀-]{0,120}(\n|\r\n|\r)?){0,12}",
        spans in proptest::collection::vec((0_usize..900, 0_usize..200), 1..6),
        unicode in proptest::bool::ANY,
        width in 0_usize..120,
    ) {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let mut diagnostic = finding(&sources, &UNKNOWN_FIELD, file, "", "a message of a few words");
        let mut spans = spans.into_iter().map(|(start, length)| Span::new(file, start, start + length));
        diagnostic.span = spans.next().unwrap();
        diagnostic.related = spans.map(|span| related("some words about it", span, None)).collect();
        let report = Report { diagnostics: vec![diagnostic], ..Report::default() };
        let style = Style { unicode, width, ..Style::default() };
        let shown = render_with(&report, &sources, &style);
        assert!(!shown.contains(|character: char| character.is_control() && character != '\n'), "{shown:?}");
        let bar = if unicode { " │ " } else { " | " };
        // Lines of source have a number. A label may stand to the right of the place that it names.
        let is_source = |line: &&str| line.starts_with(' ') && line.trim_start().starts_with(|it: char| it.is_ascii_digit());
        for line in shown.lines().filter(|line| line.contains(bar)).filter(is_source) {
            assert!(columns(line) <= style.columns(), "{line}\n{shown}");
        }
    }
}
