//! YAML inside of a string of a kustomization: patches and plugins.
//!
//! Where the string stands in the file as it is (a block scalar, quotes without escapes), its YAML is parsed in place.
//! Then each value has its exact span. Otherwise all values have the span of the string.

use std::borrow::Cow;

use super::InputFile;
use super::entries::Text;
use crate::source::{FileId, Span};
use crate::yaml::{self, Chunk, Document, Entry, Node, Value};

/// The YAML of a string.
#[derive(Debug)]
pub(super) struct Inline<'f> {
    file: FileId,
    /// The text that the spans of `documents` refer to.
    text: Cow<'f, str>,
    documents: Vec<Document>,
    /// The place of all values, if the spans do not refer to the file.
    place: Option<Span>,
}

impl<'f> Inline<'f> {
    /// Parses a string of a file; `file_text` is the whole text of the file.
    pub fn parse(string: Text<'_>, file_text: &'f str) -> Self {
        let Text { value, span } = string;
        let written = file_text.get(span.range()).unwrap_or_default();
        let in_place = |chunks: Vec<Chunk>| Self {
            file: span.file,
            text: Cow::Borrowed(file_text),
            documents: chunks.iter().map(|chunk| yaml::parse(chunk, file_text)).collect(),
            place: None,
        };
        if written.starts_with('|') {
            return in_place(block_chunks(span, file_text));
        }
        let quote = usize::from(written.starts_with(['"', '\'']));
        if written.get(quote..written.len().saturating_sub(quote)) == Some(value) && !value.contains('\n') {
            let span = Span { start: span.start + quote as u32, end: span.end - quote as u32, ..span };
            return in_place(vec![Chunk { span, problem: None }]);
        }
        let chunks = yaml::split(span.file, value);
        let documents = chunks.iter().map(|chunk| yaml::parse(chunk, value)).collect();
        Self { file: span.file, text: Cow::Owned(value.into()), documents, place: Some(span) }
    }

    /// The YAML as a file. [`Self::settle`] must be applied to spans that come from it.
    pub fn as_file(&self) -> InputFile<'_> {
        InputFile { id: self.file, text: &self.text, documents: &self.documents }
    }

    /// The place in the kustomization of a span in the YAML.
    pub fn place(&self, span: Span) -> Span {
        self.place.unwrap_or(span)
    }

    /// Corrects the spans of a tree.
    pub fn settle(&self, node: &mut Node) {
        if let Some(place) = self.place {
            set_spans(node, place);
        }
    }
}

/// Sets all spans of a tree.
pub(super) fn set_spans(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| set_spans(item, span)),
        Value::Mapping(entries) => entries.iter_mut().for_each(|Entry { key, value }| {
            key.span = span;
            set_spans(value, span);
        }),
        _ => {}
    }
}

/// The documents of a literal block scalar. Its lines are indented, and so are the separators between documents.
fn block_chunks(scalar: Span, text: &str) -> Vec<Chunk> {
    let range = scalar.range();
    let body = text[range.clone()].find('\n').map_or(range.end, |at| range.start + at + 1);
    let mut indentation = None;
    let mut chunks = Vec::new();
    let mut start = body;
    let mut at = body;
    let mut close = |start: usize, end: usize| {
        if !text[start..end].trim().is_empty() {
            chunks.push(Chunk { span: Span::new(scalar.file, start, end), problem: None });
        }
    };
    for line in text[body..range.end].split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        if !content.trim_end().is_empty() {
            let column = line.len() - content.len();
            let first = *indentation.get_or_insert(column);
            let tail = content.strip_prefix("---").filter(|_| column == first);
            if tail.is_some_and(|tail| tail.trim().is_empty() || tail.trim_start().starts_with('#')) {
                close(start, at);
                start = at + line.len();
            }
        }
        at += line.len();
    }
    close(start, range.end);
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Spanned};

    /// The texts that the scalars of an inline YAML have as their spans.
    fn places(file_text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("kustomization.yaml", file_text);
        let chunk = Chunk { span: Span::new(file, 0, file_text.len()), problem: None };
        let document = yaml::parse(&chunk, file_text);
        let root = document.root.expect("a tree");
        let node = root.get("patch").expect("a patch");
        let inline = Inline::parse(Spanned::new(node.as_str().expect("a string"), node.span), file_text);
        let mut places = Vec::new();
        for document in &inline.documents {
            assert_eq!(document.problems, []);
            let mut root = document.root.clone().expect("a tree");
            inline.settle(&mut root);
            collect(&root, file_text, &mut places);
        }
        places
    }

    fn collect(node: &Node, text: &str, places: &mut Vec<String>) {
        match &node.value {
            Value::Sequence(items) => items.iter().for_each(|item| collect(item, text, places)),
            Value::Mapping(entries) => entries.iter().for_each(|entry| {
                places.push(text[entry.key.span.range()].into());
                collect(&entry.value, text, places);
            }),
            _ => places.push(text[node.span.range()].into()),
        }
    }

    #[test]
    fn block_scalars_are_parsed_in_place() {
        let text = "patch: |-\n    # why\n    a: 1\n    ---\n    b:\n      - x y\n    # end\nc: 1\n";
        assert_eq!(places(text), ["a", "1", "b", "x y"]);
        assert_eq!(places("- &x y\n".replace("- &x y", "patch: |2\n   - q: '1'\n").as_str()), ["q", "'1'"]);
    }

    #[test]
    fn quoted_text_is_parsed_in_place_if_it_has_no_escapes() {
        assert_eq!(places("patch: '[{\"op\": \"x\"}]'\n"), ["\"op\"", "\"x\""]);
        let escaped = r#"patch: "{\"op\": 1}""#;
        assert_eq!(places(escaped), [r#""{\"op\": 1}""#, r#""{\"op\": 1}""#]);
        let folded = "patch: >\n  a:\n\n    b\n";
        assert_eq!(places(folded), [folded["patch: ".len()..].trim_end(), folded["patch: ".len()..].trim_end()]);
    }
}
