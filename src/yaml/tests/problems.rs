//! Problems: their messages and places.

use super::*;

/// Each problem as `line:column message`, with the text that it marks.
fn problems(text: &str) -> Vec<(String, &str)> {
    let mut sources = Sources::default();
    let id = sources.add("f", text);
    let document = parse(&Chunk { span: Span::new(id, 0, text.len()), problem: None }, text);
    check_spans(&document, text);
    let show = |problem: &YamlProblem| {
        let at = sources.start(problem.span);
        (format!("{}:{} {}", at.line, at.column, problem.message), &text[problem.span.range()])
    };
    document.problems.iter().map(show).collect()
}

#[test]
fn broken_documents() {
    let table = [
        ("a:\n\tb: c\n", "2:1 a tab cannot indent a line", "\t"),
        ("a:\n  b: c\n\td: e\n", "3:1 a tab cannot indent a line", "\t"),
        ("a: >\n\t x\n", "2:1 a tab cannot indent a line", "\t"),
        ("a: 'x\nb: c\n", "1:4 this string has no closing `'`", "'"),
        ("a: \"x\nb: c\n", "1:4 this string has no closing `\"`", "\""),
        ("a:\n  b: c\n d: e\n", "3:2 no line above has this indentation", "d: e"),
        ("a: |\n    x\n  y\n", "3:3 no line above has this indentation", "y"),
        ("{{ if x }}\na: b\n{{ end }}\n", "1:1 `{{` starts a template, which is not YAML", "{{ if x }}"),
        ("a: {{ x }}-foo\n", "1:4 `{{` starts a template, which is not YAML", "{{ x }}"),
        ("{{- range }}\n- x\n", "1:1 `{{` starts a template, which is not YAML", "{{- range }}"),
        ("a: 1\n {{- if }}\n  b: 2\n", "2:2 `{{` starts a template, which is not YAML", "{{- if }}"),
        ("a: b\nc\nd: e\n", "2:1 the key has no colon", "c"),
        ("a:\n  b: c\n  ...\n", "3:3 `...` is not valid here", "..."),
        ("a\nb: c\n", "1:1 the key has no colon", "a"),
        ("a:b\nc: d\n", "1:1 no space follows the colon", "a:b"),
        ("a: b: c\n", "1:5 a line cannot hold a second `: `", ":"),
        ("key: value\n  other: v\n", "2:3 this key is part of the value above, because it is indented deeper", "other"),
        ("a: [1, 2\nb: c\n", "2:2 a colon is not allowed here", ":"),
        ("a: {x: 1\nb: c\n", "2:2 a `,` or `}` is missing here", ":"),
        ("a: [1\n", "1:4 `[` is not closed", "["),
        ("a: ]\n", "1:4 this bracket closes nothing", "]"),
        ("a: [1}\n", "1:4 `[` is closed by `}`", "["),
        ("a: @x\n", "1:4 a value cannot begin with `@`", "@"),
        ("a: x\0y\n", "1:5 control character U+0000 is not allowed", "\0"),
        ("a: *\n", "1:4 the alias `*` has no name", "*"),
        ("- a\nb: c\n", "2:1 expected a list item", "b: c"),
        ("a: b\n- c\n", "2:1 expected a key, found a list item", "-"),
        ("a: 'b' c\n", "1:8 unexpected text after the closing quote", "c"),
        ("a: \"x\\n\\q\"\n", "1:8 this escape sequence is not valid in a double-quoted string", "\\q"),
        ("a: - b\n", "1:4 a list cannot begin here", "-"),
        ("%YAML 1.1\n", "2:1 this `%` directive has no document", ""),
        ("{a: b}\nc: d\n", "2:1 unexpected text after the end of the document", "c: d"),
        ("a: b\n\u{feff}\n", "2:1 unexpected byte order mark", "\u{feff}"),
        ("a: !x!y z\n", "1:4 this tag is not defined", "!x!y"),
    ];
    for (text, message, place) in table {
        assert_eq!(problems(text), [(message.to_string(), place)], "{text:?}");
        assert!(read(text).root.is_none(), "{text:?}");
    }
}

#[test]
fn rejected_parts_leave_the_rest() {
    let table = [
        ("a: {{ .x }}\nb: 1\n", "1:4 `{{` starts a template, which is not YAML", "{{ .x }}"),
        ("? [a]\n: 1\nb: 1\n", "1:3 a key must be a scalar, found a list", "[a]"),
        ("~: 1\nb: 1\n", "1:1 a key must not be null", "~"),
        ("a: .inf\nb: 1\n", "1:4 `.inf` does not exist in JSON", ".inf"),
        ("a: *x\nb: 1\n", "1:4 alias `*x` has no anchor", "*x"),
        ("a: &x [*x]\nb: 1\n", "1:8 alias `*x` refers to a node that contains it", "*x"),
        ("a: !!int x\nb: 1\n", "1:10 `x` is not an integer, but its tag is `!!int`", "x"),
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
    assert_eq!(problem.kind, YamlProblemKind::DuplicateKey);
    assert_eq!(&text[problem.span.range()], "\"a\"");
    assert_eq!(problem.related.as_ref().unwrap().0.start, 0);
    assert_eq!(json(&document.root.unwrap()), "{b:2,a:3}");
    assert_eq!(problems("{a: 1, a: 2, a: 3}").len(), 2);
    assert_eq!(json(&read("{a: 1, a: 2, b: 1, a: 3}").root.unwrap()), "{b:1,a:3}");
}

#[test]
fn keys_that_a_merge_repeats() {
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
fn a_rejected_separator_hides_its_consequences() {
    let text = "a: 1\n-----BEGIN\nx\n";
    let documents: Vec<_> = split(file(), text).iter().map(|chunk| parse(chunk, text)).collect();
    let [document] = &*documents else { panic!() };
    assert_eq!(document.problems.len(), 1);
    assert!(document.problems[0].message.contains("---"));
}
