//! Values of scalars and collections.

use super::*;

#[test]
fn structure() {
    let table = [
        ("a: 1\nb:\n- x\n- v: [1, {z: w}, ]\n", r#"{a:1,b:["x",{v:[1,{z:"w"}]}]}"#),
        ("- \n- a:\n- ? k\n- !!str\n", r#"[null,{a:null},{k:null},""]"#),
        ("a: 'b'\nc: \"1\"\nd: |\n  true\n", r#"{a:"b",c:"1",d:"true\n"}"#),
        ("on: off\n8080: 0777\n0777: y\nnull_: ~\n", "{true:false,8080:511,511:true,null_:null}"),
        (
            "a: !!str 12\nb: !!int \"12\"\nc: !foo 12\nd: ! 12\ne: !!binary eA==\n",
            r#"{a:"12",b:12,c:"12",d:"12",e:"eA=="}"#,
        ),
        ("a: |\n  text", r#"{a:"text"}"#),
        ("a: 1\n...\nb: [\n", "{a:1}"),
        ("...\na: 1\n", "{a:1}"),
        (
            "a: [2001:db8::, x:]\nb: {c:}\nd: [e: f]\ng: [h:, i: ]\n",
            r#"{a:["2001:db8::","x:"],b:{c::null},d:[{e:"f"}],g:["h:",{i:null}]}"#,
        ),
        ("a: &x {b: 1}\nc: *x\n&k d: *k\n", r#"{a:{b:1},c:{b:1},d:"d"}"#),
        ("a: x\rb: z\r", r#"{a:"x",b:"z"}"#),
        ("a: x\r\nb: |\r\n  y\r\n", r#"{a:"x",b:"y\n"}"#),
        ("a: x\u{feff}\n", "{a:\"x\\u{feff}\"}"),
        (".inf: 1\n", "{.inf:1}"),
    ];
    for (text, expected) in table {
        assert_eq!(json(&tree(text)), expected, "{text}");
        check_spans(&read(text), text);
    }
}

#[test]
fn nothing_is_no_document() {
    for text in ["", "\n\n", "# comment\n", "...\n"] {
        let document = read(text);
        assert_eq!((document.root, document.problems), (None, vec![]), "{text:?}");
    }
    assert!(tree("~").is_null());
}

#[test]
fn merge_keys() {
    let table = [
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  e: 3\n", "{a:{b:1,c:2},d:{b:1,c:2,e:3}}"),
        ("a: &x {b: 1}\nd:\n  <<: [*x, {c: 2}]\n", "{a:{b:1},d:{c:2,b:1}}"),
        ("<<: {a: 1}\n'<<': 2\n", "{a:1,<<:2}"),
        ("<<: []\na: 1\n", "{a:1}"),
    ];
    for (text, expected) in table {
        assert_eq!(json(&tree(text)), expected, "{text}");
    }
}

#[test]
fn many_comments_before_a_nested_value() {
    let text = format!("key:\n{}  nested: 1\n- x\n", "# comment\n".repeat(300)).replace("- x\n", "");
    assert_eq!(json(&tree(&text)), "{key:{nested:1}}");
    let text = format!("a:\n  - b: 1\n{}  - c\n", "    # comment\n".repeat(300));
    assert_eq!(json(&tree(&text)), r#"{a:[{b:1},"c"]}"#);
}

#[test]
fn json_files() {
    let text = "\u{feff}{\n\t\"a\": [1, 2.5, \"y\", true, null],\n\t\"b\":{\"c\":\"\\ud83d\\ude00\"}}\n";
    let document = parse_json(file(), text);
    assert_eq!(document.problems, []);
    check_spans(&document, text);
    assert_eq!(json(&document.root.unwrap()), r#"{a:[1,2.5,"y",true,null],b:{c:"😀"}}"#);
    let long = format!("{{\"{}\":1}}", "k".repeat(5000));
    assert_eq!(parse_json(file(), &long).problems, []);
    assert!(parse_json(file(), " \n").root.is_none());
}

#[test]
fn what_is_not_json_is_a_problem_at_its_place() {
    for (text, at) in [
        ("{\"é\": 1,}", "}"),
        ("{\n \"a\": yes\n}", "yes"),
        ("[1] x", "x"),
        ("a: 1", "a"),
        ("{\"a\": 1", ""),
        ("[1,\n\n", ""),
    ] {
        let document = parse_json(file(), text);
        let [problem] = &*document.problems else { panic!("{text}") };
        assert!(document.root.is_none());
        check_spans(&document, text);
        let start = problem.span.start as usize;
        assert!(text[start..].starts_with(at), "{text:?}: {problem:?}");
        assert!(!problem.message.contains("line"), "{problem:?}");
    }
}
