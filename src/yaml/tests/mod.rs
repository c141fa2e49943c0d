//! Tests of the whole reader: structure, spans, problems, hostile input.

#![allow(clippy::disallowed_macros, reason = "tests say what they skip and count")]

use super::*;
use crate::source::{FileId, Sources, Span};

mod corpus;
mod differential;
mod hostile;
mod problems;
#[path = "../../../tests/support/skip.rs"]
mod skip;
mod spans;
mod values;

fn file() -> FileId {
    Sources::default().add("test.yaml", "")
}

/// Parses a text as one document.
fn read(text: &str) -> Document {
    let file = file();
    parse(&Chunk { span: Span::new(file, 0, text.len()), problem: None }, text)
}

/// The tree of a text without problems.
fn tree(text: &str) -> Node {
    let document = read(text);
    assert_eq!(document.problems, [], "{text}");
    document.root.unwrap()
}

/// The tree as JSON text, keys in order.
fn json(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::String(text) => format!("{text:?}"),
        Value::Sequence(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|entry| format!("{}:{}", entry.key.text, json(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

/// Checks that every span is inside the text, at character boundaries, and inside the span of its parent.
fn check_spans(document: &Document, text: &str) {
    let check = |span: Span, within: Span| {
        assert!(text.get(span.range()).is_some(), "{span:?} of {text:?}");
        assert!(within.contains(span), "{span:?} in {within:?} of {text:?}");
    };
    fn visit(node: &Node, aliased: bool, check: &impl Fn(Span, Span), document: Span) {
        let parent = if aliased { document } else { node.span };
        for item in node.items() {
            check(item.span, parent);
            visit(item, aliased, check, document);
        }
        for entry in node.entries() {
            check(entry.key.span, parent);
            check(entry.value.span, parent);
            visit(&entry.value, aliased, check, document);
        }
    }
    for problem in &document.problems {
        check(problem.span, document.span);
        problem.related.iter().for_each(|(span, _)| check(*span, document.span));
        assert!(!problem.message.ends_with('.') && !problem.message.is_empty());
    }
    if let Some(root) = &document.root {
        check(root.span, document.span);
        let text = &text[document.span.range()];
        visit(root, text.contains('*') || text.contains("<<"), &check, document.span);
    }
}
