//! What is wrong with a text, where, and in which words.

use super::*;

/// Each problem as `line:column message` and the text it points at.
fn problems(text: &str) -> Vec<(String, &str)> {
    let mut sources = Sources::default();
    let id = sources.add("f", text);
    let document = parse(&Chunk { span: Span::new(id, 0, text.len()), problem: None }, text);
    check_spans(&document, text);
    let show = |problem: &Problem| {
        let at = sources.start(problem.span);
        (format!("{}:{} {}", at.line, at.column, problem.message), &text[problem.span.range()])
    };
    document.problems.iter().map(show).collect()
}

#[test]
fn broken_documents() {
    let table = [
        ("a:\n\tb: c\n", "2:1 a tab is used for indentation", "\t"),
        ("a:\n  b: c\n\td: e\n", "3:1 a tab is used for indentation", "\t"),
        ("a: >\n\t x\n", "2:1 a tab is used for indentation", "\t"),
        ("a: 'x\nb: c\n", "1:4 the string that begins here has no closing `'`", "'"),
        ("a: \"x\nb: c\n", "1:4 the string that begins here has no closing `\"`", "\""),
        ("a:\n  b: c\n d: e\n", "3:2 the indentation of this line matches no line above", "d: e"),
        ("a: |\n    x\n  y\n", "3:3 the indentation of this line matches no line above", "y"),
        ("{{ if x }}\na: b\n{{ end }}\n", "1:1 `{{` begins a template, which is not YAML", "{{ if x }}"),
        ("a: {{ x }}-foo\n", "1:4 `{{` begins a template, which is not YAML", "{{ x }}"),
        ("{{- range }}\n- x\n", "1:1 `{{` begins a template, which is not YAML", "{{- range }}"),
        ("a: 1\n {{- if }}\n  b: 2\n", "2:2 `{{` begins a template, which is not YAML", "{{- if }}"),
        ("a: b\nc\nd: e\n", "2:1 the colon of a key is missing", "c"),
        ("a\nb: c\n", "1:1 the colon of a key is missing", "a"),
        ("a:b\nc: d\n", "1:1 a blank is missing after the colon", "a:b"),
        ("a: b: c\n", "1:5 a second `: ` on one line", ":"),
        (
            "key: value\n  other: v\n",
            "2:3 a key is indented deeper than the value above, so it continues that value",
            "other",
        ),
        ("a: [1, 2\nb: c\n", "2:2 a colon is not allowed here", ":"),
        ("a: {x: 1\nb: c\n", "2:2 a `,` or `}` is missing here", ":"),
        ("a: [1\n", "1:4 `[` is never closed", "["),
        ("a: ]\n", "1:4 a closing bracket without an opening one", "]"),
        ("a: [1}\n", "1:4 `[` is closed by `}`", "["),
        ("a: @x\n", "1:4 a value cannot begin with `@`", "@"),
        ("a: x\0y\n", "1:5 control character U+0000 is not allowed", "\0"),
        ("a: *\n", "1:4 `*` begins an alias, but no name follows", "*"),
        ("- a\nb: c\n", "2:1 a list item is expected here", "b: c"),
        ("a: b\n- c\n", "2:1 a list item where a key is expected", "-"),
        ("a: 'b' c\n", "1:8 text after the closing quote", "c"),
        ("a: \"x\\n\\q\"\n", "1:8 an unknown escape in a double-quoted string", "\\q"),
        ("a: - b\n", "1:4 a list cannot begin here", "-"),
        ("%YAML 1.1\n", "2:1 a `%` directive without a document", ""),
        ("{a: b}\nc: d\n", "2:1 text after the end of the document", "c: d"),
        ("a: b\n\u{feff}\n", "2:1 a byte order mark inside the text", "\u{feff}"),
        ("a: !x!y z\n", "1:4 an unknown tag", "!x!y"),
    ];
    for (text, message, place) in table {
        assert_eq!(problems(text), [(message.to_string(), place)], "{text:?}");
        assert!(read(text).root.is_none(), "{text:?}");
    }
}

#[test]
fn refused_parts_leave_the_rest() {
    let table = [
        ("a: {{ .x }}\nb: 1\n", "1:4 `{{` begins a template, which is not YAML", "{{ .x }}"),
        ("? [a]\n: 1\nb: 1\n", "1:3 a key must be a scalar, found a list", "[a]"),
        ("~: 1\nb: 1\n", "1:1 a key must not be null", "~"),
        ("a: .inf\nb: 1\n", "1:4 `.inf` has no counterpart in JSON", ".inf"),
        ("a: *x\nb: 1\n", "1:4 alias `*x` has no anchor", "*x"),
        ("a: &x [*x]\nb: 1\n", "1:8 alias `*x` stands inside the node that it repeats", "*x"),
        ("a: !!int x\nb: 1\n", "1:10 `x` is not an integer, as its tag `!!int` says", "x"),
        ("<<: x\nb: 1\n", "1:5 the merge key `<<` needs a mapping or a list of mappings, found a string", "x"),
        (
            "<<: [{a: 1}, 2]\nb: 1\n",
            "1:5 the merge key `<<` needs a mapping or a list of mappings, found a number",
            "[{a: 1}, 2]",
        ),
    ];
    for (text, message, place) in table {
        assert_eq!(problems(text), [(message.to_string(), place)], "{text:?}");
        assert_eq!(read(text).root.unwrap().get("b").unwrap().value, Value::Int(1), "{text:?}");
    }
}

#[test]
fn duplicate_keys() {
    let text = "a: 1\nb: 2\n\"a\": 3\n";
    let document = read(text);
    let [problem] = &*document.problems else { panic!() };
    assert_eq!(problem.kind, ProblemKind::DuplicateKey);
    assert_eq!(&text[problem.span.range()], "\"a\"");
    assert_eq!(problem.related.as_ref().unwrap().0.start, 0);
    assert_eq!(json(&document.root.unwrap()), "{b:2,a:3}");
    assert_eq!(problems("{a: 1, a: 2, a: 3}").len(), 2);
    assert_eq!(json(&read("{a: 1, a: 2, b: 1, a: 3}").root.unwrap()), "{b:1,a:3}");
}

#[test]
fn keys_that_a_merge_brings_in_too() {
    let text = "x: &x {a: 1}\nw:\n  <<: *x\n  a: 2\nz:\n  a: 2\n  <<: *x\n";
    let document = read(text);
    let [after, before] = &*document.problems else { panic!() };
    assert_eq!(&text[after.span.range()], "a");
    assert_eq!(&text[before.span.range()], "<<");
    assert!([after, before].iter().all(|problem| problem.help.as_ref().unwrap().contains("`<<`")));
    assert_eq!(json(&document.root.unwrap()), "{x:{a:1},w:{a:2},z:{a:1}}");
    let listed = read("a: &a {k: 1}\nb: &b {k: 2}\nc:\n  <<: [*a, *b]\n");
    assert_eq!(listed.problems.len(), 1);
    assert_eq!(json(listed.root.unwrap().get("c").unwrap()), "{k:1}");
}

#[test]
fn a_refused_separator_stands_for_what_follows_from_it() {
    let text = "a: 1\n-----BEGIN\nx\n";
    let documents: Vec<_> = split(file(), text).iter().map(|chunk| parse(chunk, text)).collect();
    let [document] = &*documents else { panic!() };
    assert_eq!(document.problems.len(), 1);
    assert!(document.problems[0].message.contains("---"));
}
