//! Edits of texts: what changes, and what stays as it is.

use super::{Advice, Edit, Literal, Resolver, apply};
use crate::source::{FileId, Sources, Span};
use crate::yaml::{self, Node};

/// A file with one document.
struct File {
    sources: Sources,
    id: FileId,
    root: Node,
}

impl File {
    fn new(text: &str) -> Self {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", text);
        let chunk = yaml::split(id, text).remove(0);
        let root = yaml::parse(&chunk, text).root.expect("the text is YAML");
        Self { sources, id, root }
    }

    /// The value at a path, such as `a.0.b`.
    fn value(&self, path: &str) -> Span {
        self.node(path).span
    }

    fn node(&self, path: &str) -> &Node {
        path.split('.').filter(|name| !name.is_empty()).fold(&self.root, |node, name| match name.parse::<usize>() {
            Ok(index) => &node.items()[index],
            Err(_) => node.get(name).expect("the key exists"),
        })
    }

    /// The key at a path.
    fn key(&self, path: &str) -> Span {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        self.node(parent).entry(name).expect("the key exists").key.span
    }

    /// The text after some edits.
    fn after(&self, edits: &[Edit]) -> Option<String> {
        let edits = Resolver::new(&self.sources).text_edits(edits)?;
        apply(self.sources.file(self.id).text(), &edits)
    }
}

/// Asserts what an edit makes of a text; `None` if it is not possible.
#[track_caller]
fn assert_after<'t>(text: &str, edit: impl Fn(&File) -> Edit, expected: impl Into<Option<&'t str>>) {
    let file = File::new(text);
    assert_eq!(file.after(&[edit(&file)]).as_deref(), expected.into(), "after the edit of {text:?}");
}

fn set(path: &'static str, literal: impl Into<Literal>) -> impl Fn(&File) -> Edit {
    let literal = literal.into();
    move |file| Edit::set(file.value(path), literal.clone())
}

fn remove(path: &'static str) -> impl Fn(&File) -> Edit {
    move |file| Edit::remove(file.value(path))
}

fn add<const N: usize>(
    mapping: &'static str,
    path: [&'static str; N],
    literal: impl Into<Literal>,
) -> impl Fn(&File) -> Edit {
    let literal = literal.into();
    move |file| Edit::add(file.value(mapping), path, literal.clone())
}

fn append(list: &'static str, literal: impl Into<Literal>) -> impl Fn(&File) -> Edit {
    let literal = literal.into();
    move |file| Edit::append(file.value(list), literal.clone())
}

#[test]
fn values_keep_their_quotes() {
    assert_after("a: x # c\n", set("a", "w"), "a: w # c\n");
    assert_after("a: 'x'\n", set("a", "it's"), "a: 'it''s'\n");
    assert_after("a: \"x\"\n", set("a", "a \"b\""), "a: \"a \\\"b\\\"\"\n");
    assert_after("- {a: x}\n", set("0.a", "w"), "- {a: w}\n");
    assert_after("a: x\n", set("a", 5_u32), "a: 5\n");
}

#[test]
fn texts_that_are_not_plain_get_quotes() {
    for (text, written) in [
        ("true", "\"true\""),
        ("5", "\"5\""),
        ("", "\"\""),
        ("*.example.com", "\"*.example.com\""),
        ("a: b", "\"a: b\""),
        ("a #b", "\"a #b\""),
        ("[0-9]+\\.x", "'[0-9]+\\.x'"),
        ("a\nb", "\"a\\nb\""),
        ("-", "\"-\""),
        ("-a", "-a"),
        ("http://a", "http://a"),
        ("{*}", "\"{*}\""),
        ("<<", "\"<<\""),
    ] {
        assert_after("a: x\n", set("a", text), format!("a: {written}\n").as_str());
    }
    assert_after("[x]\n", set("0", "a, b"), "[\"a, b\"]\n");
}

#[test]
fn absent_values_and_collections_are_set() {
    assert_after("a:\nb: 1\n", set("a", "w"), "a: w\nb: 1\n");
    assert_after("a: # c\nb: 1\n", set("a", "w"), "a: w # c\nb: 1\n");
    assert_after("- \n- 1\n", set("0", "w"), "- w \n- 1\n");
    assert_after("a:\n- 1\n- 2\nb: 1\n", set("a", "w"), "a: w\nb: 1\n");
    assert_after("a:\n  b: 1\n", set("a", Literal::texts(["x", "w"])), "a: [x, w]\n");
    assert_after("a: |\n  x\n  y\nb: 1\n", set("a", "w"), "a: w\nb: 1\n");
    assert_after("a: # c\n- 1\n", set("a", "w"), None);
}

#[test]
fn keys_are_renamed() {
    let rename = |name: &'static str| move |file: &File| Edit::rename(file.key("a.b"), name);
    assert_after("a: {b: 1}\n", rename("c"), "a: {c: 1}\n");
    assert_after("a:\n  'b': 1\n", rename("c"), "a:\n  'c': 1\n");
    assert_after("a:\n  b: 1\n", rename("true"), "a:\n  \"true\": 1\n");
    assert_after("a:\n  b: 1\n  c: 2\n", rename("c"), None);
    assert_after("a: {b: 1}\n", |file| Edit::set(file.key("a.b"), "c"), "a: {c: 1}\n");
    assert_after("a:\n  b: 1\n", |file| Edit::rename_entry(file.value("a.b"), "c"), "a:\n  c: 1\n");
    let replace = |file: &File| Edit::replace(file.value("a.b"), "regex", ".*");
    assert_after("a:\n  b: x # c\n", replace, "a:\n  regex: .* # c\n");
}

#[test]
fn entries_are_removed_with_their_lines() {
    assert_after("a: 1\nb: # c\n  c: 1\n  d: 2 # d\n# e\ne: 1\n", remove("b"), "a: 1\n# e\ne: 1\n");
    assert_after("a: 1\nb: 2", remove("b"), "a: 1\n");
    assert_after("a: 1\r\nb: 2\r\nc: 3\r\n", remove("b"), "a: 1\r\nc: 3\r\n");
    assert_after("a:\n  b: 1\n", remove("a.b"), "a: {}\n");
    assert_after("- a: 1\n  b: 2\n- c: 3\n", remove("0.a"), "- b: 2\n- c: 3\n");
    assert_after("- a: 1\n  b: 2\n- c: 3\n", remove("0.b"), "- a: 1\n- c: 3\n");
    assert_after("a: |\n  x\n\n  y\nb: 1\n", remove("a"), "b: 1\n");
    assert_after("a:\nb: 1\n", |file| Edit::remove(file.key("a")), "b: 1\n");
}

#[test]
fn items_are_removed_with_their_lines() {
    assert_after("a:\n- x\n- y # c\n- z\n", remove("a.1"), "a:\n- x\n- z\n");
    assert_after("a:\n- b: 1\n  c: 2\n- d\n", remove("a.0"), "a:\n- d\n");
    assert_after("a:\n-\n  b: 1\n- d\n", remove("a.0"), "a:\n- d\n");
    assert_after("- - x\n  - y\n", remove("0.0"), "- - y\n");
    assert_after("- - x\n  - y\n", remove("0.1"), "- - x\n");
    assert_after("a:\n- x\n- z\nb: 1\n", |file| Edit::remove_around(file.value("a.0")), "b: 1\n");
    // A list that would be empty goes away.
    assert_after("a:\n- x\nb: 1\n", remove("a.0"), "b: 1\n");
    assert_after("- [x]\n", remove("0.0"), "- []\n");
}

#[test]
fn flow_collections_lose_a_comma() {
    assert_after("[x, y, z]\n", remove("0"), "[y, z]\n");
    assert_after("[x, y, z]\n", remove("2"), "[x, y]\n");
    assert_after("{a: 1, b: 2}\n", remove("a"), "{b: 2}\n");
    assert_after("{a: 1, b: 2}\n", remove("b"), "{a: 1}\n");
    assert_after("a: {b: [x], c: 1}\n", remove("a.b.0"), "a: {c: 1}\n");
}

#[test]
fn fields_are_added() {
    assert_after("a:\n  b: 1 # c\nd: 1\n", add("a", ["c"], "x"), "a:\n  b: 1 # c\n  c: x\nd: 1\n");
    assert_after("- a: 1\n- b\n", add("0", ["c", "d"], "x"), "- a: 1\n  c:\n    d: x\n- b\n");
    assert_after("a:\n  b:\n    c: 1\n", add("", ["a", "b", "d"], true), "a:\n  b:\n    c: 1\n    d: true\n");
    assert_after("a: 1", add("", ["b"], Literal::texts(["x", "*"])), "a: 1\nb:\n- x\n- \"*\"");
    assert_after("a:\n", add("", ["a", "b"], "x"), "a:\n  b: x\n");
    assert_after("a: {}\n", add("a", ["b", "c"], "x"), "a: {b: {c: x}}\n");
    assert_after("a: {b: 1}\n", add("a", ["c"], "x"), "a: {b: 1, c: x}\n");
    assert_after("a: 1\r\nb: 2\r\n", add("", ["c"], "x"), "a: 1\r\nb: 2\r\nc: x\r\n");
    assert_after("a: 1\n", add("", ["a"], "x"), None);
    assert_after("a: 1\n", add("", ["a", "b"], "x"), None);
}

#[test]
fn items_are_added() {
    assert_after("a:\n- x\nb: 1\n", append("a", "w"), "a:\n- x\n- w\nb: 1\n");
    assert_after("a:\n  - b: 1\n    c: 2 # d\n", append("a", "w"), "a:\n  - b: 1\n    c: 2 # d\n  - w\n");
    assert_after("a: [x]\n", append("a", "w"), "a: [x, w]\n");
    assert_after("a: []\n", append("a", "w"), "a: [w]\n");
    assert_after("a:\n", append("a", "w"), "a: [w]\n");
    let map = Literal::Map(vec![("c".to_owned(), "x".into()), ("d".to_owned(), true.into())]);
    assert_after("- b: 1\n", append("", map), "- b: 1\n- c: x\n  d: true\n");
}

#[test]
fn json_stays_json() {
    let text = "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": 1\n}\n";
    assert_after(text, set("b", "w"), "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": \"w\"\n}\n");
    assert_after(text, append("a", "w"), "{\n  \"a\": [\n    \"x\",\n    \"w\"\n  ],\n  \"b\": 1\n}\n");
    assert_after(text, add("", ["c"], true), "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": 1,\n  \"c\": true\n}\n");
    assert_after(text, remove("a.0"), "{\n  \"b\": 1\n}\n");
    assert_after(text, |file| Edit::rename(file.key("b"), "c"), "{\n  \"a\": [\n    \"x\"\n  ],\n  \"c\": 1\n}\n");
}

#[test]
fn what_aliases_repeat_is_not_edited() {
    assert_after("a: &x 1\nb: *x\n", set("a", "w"), None);
    assert_after("a: &x {c: 1}\nb:\n  <<: *x\n  d: 1\n", set("a.c", "w"), None);
    assert_after("a: &x 1\nb: 2\n", set("a", "w"), "a: &x w\nb: 2\n");
    assert_after("a: &x 1\nb: 2\nc: *x\nd: 4\n", remove("b"), "a: &x 1\nc: *x\nd: 4\n");
    let key = |file: &File| Edit::remove(file.key("c"));
    assert_after("a: &x 1\nb: 2\nc: *x\nd: 4\n", key, "a: &x 1\nb: 2\nd: 4\n");
    // The alias would have no anchor.
    assert_after("a: &x 1\nb: 2\nc: *x\n", |file| Edit::remove(file.key("a")), None);
}

#[test]
fn several_edits_are_one_change() {
    let file = File::new("a:\n  b: 1\nc: 2\n");
    let moved = [Edit::remove(file.value("c")), Edit::add(file.value("a"), ["c"], 2_u32)];
    assert_eq!(file.after(&moved).as_deref(), Some("a:\n  b: 1\n  c: 2\n"));
    let twice = [Edit::add(file.value("a"), ["c"], 1_u32), Edit::add(file.value("a"), ["d"], 2_u32)];
    assert_eq!(file.after(&twice).as_deref(), Some("a:\n  b: 1\n  c: 1\n  d: 2\nc: 2\n"));
    let same = [Edit::set(file.value("c"), "x"), Edit::remove(file.value("c"))];
    assert_eq!(file.after(&same), None);
}

#[test]
fn places_that_are_no_values_are_not_edited() {
    let text = "a: xyz\n";
    assert_after(text, |file| Edit::set(Span::new(file.id, 4, 5), "w"), None);
    assert_after("# Source: a/b.yaml\na: xyz\n", set("a", "w"), None);
}

#[test]
fn other_documents_stay_as_they_are() {
    let text = "a: 1\n---\na: 2\n";
    assert_after(text, remove("a"), None);
    assert_after(text, set("a", "w"), "a: w\n---\na: 2\n");
}

#[test]
fn advice_says_what_its_edits_do() {
    let file = File::new("a: 1\n");
    let place = file.value("a");
    let words = |advice: Advice| (advice.to_string(), advice.only_fix().is_some());
    assert_eq!(words(Advice::write(Edit::set(place, "5s").of("timeout"))), ("write `timeout: 5s`".to_owned(), true));
    assert_eq!(words(Advice::write(Edit::set(place, "5"))), ("write `\"5\"`".to_owned(), true));
    assert_eq!(words(Advice::add(Edit::add(place, ["b", "c"], true))), ("add `b.c: true`".to_owned(), true));
    assert_eq!(words(Advice::add(Edit::add(place, ["b", "a.b/c"], "x"))), ("add `a.b/c: x`".to_owned(), true));
    assert_eq!(words(Advice::remove(Edit::remove(place).of("a"))), ("remove `a`".to_owned(), true));
    assert_eq!(words(Advice::did_you_mean(Edit::rename(place, "b"))), ("did you mean `b`?".to_owned(), false));
    let mut choice = Advice::new("write `b`, or remove the key").option([Edit::rename(place, "b")]);
    assert!(choice.only_fix().is_none() && choice.fixes().len() == 1);
    choice.retain_fixes(|_| false);
    assert_eq!((choice.text(), choice.fixes().len()), ("write `b`, or remove the key", 0));
}

#[test]
#[should_panic(expected = "does not have `b`")]
fn advice_without_the_words_of_its_edit_panics() {
    let place = File::new("a: 1\n").value("a");
    let _ = Advice::new("write `c`").fix([Edit::rename(place, "b")]);
}
