//! Spans of nodes.

use super::*;

/// The text of the node at a path of keys and indices.
fn at<'text>(text: &'text str, path: &str) -> &'text str {
    let root = tree(text);
    let mut node = &root;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        node = match step.parse::<usize>() {
            Ok(index) => &node.items()[index],
            Err(_) => node.get(step).unwrap(),
        };
    }
    &text[node.span.range()]
}

#[test]
fn scalars() {
    let text = "k: 'multi\n  line'\np: plain\n  multi\nq: \"é\" # c\nr: !!str &a x\n";
    assert_eq!(at(text, "k"), "'multi\n  line'");
    assert_eq!(at(text, "p"), "plain\n  multi");
    assert_eq!(at(text, "q"), "\"é\"");
    assert_eq!(at(text, "r"), "x");
}

#[test]
fn block_scalars_span_from_their_header_to_their_last_line() {
    let text = "a: |\n  text\n  more\n\n\nb: !!str &a >- # c | d\n\n  | x\nc: |+\n  z\n\nd: |\ne: >2-\n\n    f\ng:\n- |\n  h\n- |-\n";
    assert_eq!(at(text, "a"), "|\n  text\n  more");
    assert_eq!(at(text, "b"), ">- # c | d\n\n  | x");
    assert_eq!(at(text, "c"), "|+\n  z");
    assert_eq!(at(text, "d"), "|");
    assert_eq!(at(text, "e"), ">2-\n\n    f");
    assert_eq!(at(text, "g"), "- |\n  h\n- |-");
    assert_eq!(at(text, "g.0"), "|\n  h");
    assert_eq!(at(text, "g.1"), "|-");
    assert_eq!(at("a: |\r\n  x\r\n\r\nb: c\r\n", "a"), "|\r\n  x");
    assert_eq!(at("|\n  x", ""), "|\n  x");
}

#[test]
fn collections_end_with_their_last_descendant() {
    let text = "a:\n  b: 1\n\n# c\nd:\n- x:\n  - y\n\n# e\nf: [1, {g: h}, ]\n";
    assert_eq!(at(text, ""), text.trim_end());
    assert_eq!(at(text, "a"), "b: 1");
    assert_eq!(at(text, "d"), "- x:\n  - y");
    assert_eq!(at(text, "d.0"), "x:\n  - y");
    assert_eq!(at(text, "f"), "[1, {g: h}, ]");
    assert_eq!(at(text, "f.1"), "{g: h}");
    assert_eq!(at("[b: c, d]", "0"), "b: c");
    assert_eq!(at("[2001:db8::, x]", "0"), "2001:db8::");
    assert_eq!(at("a: &x\n  b: *y\n".replace("*y", "c").as_str(), "a"), "b: c");
}

#[test]
fn implicit_nulls_are_empty_after_their_key_or_dash() {
    let place = |text: &str, index: usize| {
        let root = tree(text);
        let node = root.items().get(index).or(root.entries().get(index).map(|entry| &entry.value)).unwrap().clone();
        assert!(node.is_null() && node.span.is_empty());
        node.span.start as usize
    };
    assert_eq!(place("a:\nb:   \n", 0), 1);
    assert_eq!(place("a:\nb:   \n", 1), 4);
    assert_eq!(place("? x\n", 0), 3);
    assert_eq!(place("{a: , b}", 0), 2);
    assert_eq!(place("-   \n# c\n-\n- x\n", 0), 1);
    assert_eq!(place("-   \n# - c\n-\n- x\n", 1), 12);
    assert_eq!(place("- 'x'  # - c\n-  # d\n", 1), 14);
    assert_eq!(place("-\n- x\n", 0), 1);
    let text = "a: &x # - c\n-\n- -1\nb: !!seq\n- - 1\nc:\n  - -1\nd:\n# c\n- -1\n";
    assert_eq!(at(text, "a"), "-\n- -1");
    assert_eq!(at(text, "a.0"), "");
    assert_eq!(at(text, "b"), "- - 1");
    assert_eq!(at(text, "c"), "- -1");
    assert_eq!(at(text, "d"), "- -1");
    assert_eq!(place("- &x\n- y\n", 0), 4);
}

#[test]
fn aliased_nodes_keep_the_span_of_their_definition() {
    let text = "a: &x {b: 1}\nc:\n  d: *x\ne: {<<: *x}\n";
    assert_eq!(at(text, "c.d"), "{b: 1}");
    assert_eq!(at(text, "c"), "d: *x");
    assert_eq!(at(text, "e"), "{<<: *x}");
    assert_eq!(at(text, "e.b"), "1");
}

#[test]
fn spans_count_from_the_start_of_the_file() {
    let text = "é: 1\n---\nb: ü\n";
    let chunks = split(file(), text);
    let document = parse(&chunks[1], text);
    assert_eq!(&text[document.root.unwrap().get("b").unwrap().span.range()], "ü");
}
