//! A file to documents, before any of them is parsed.

use super::{YamlProblem, YamlProblemKind};
use crate::source::{FileId, Span};

/// The text of one document, not yet parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The text between two `---` lines.
    pub span: Span,
    /// A line in or before the text that Kubernetes rejects as a separator. [`super::parse`] passes the problem on.
    pub problem: Option<YamlProblem>,
}

const SEPARATOR: &str = "---";

/// Cuts a file into documents as Kubernetes' reader does: at every line that starts with `---`, even
/// inside a block scalar. Only white space or a comment may follow on that line. Blank chunks are left
/// out; chunks that hold only comments are not.
///
/// A line that Kubernetes rejects is reported once: `--- text` starts a new chunk, as in YAML, and
/// `---text` stays in its chunk.
pub fn split(file: FileId, text: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut start = start_of_text(text);
    let mut problem = None;
    let mut close = |start: usize, end: usize, problem: Option<YamlProblem>| {
        if problem.is_some() || !text[start..end].trim_start().is_empty() {
            chunks.push(Chunk { span: Span::new(file, start, end), problem });
        }
    };
    for at in separators(text, start) {
        let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let tail = &text[at + SEPARATOR.len()..line_end];
        let content = tail.trim();
        if content.is_empty() || content.starts_with('#') {
            close(start, at, problem.take());
            start = (line_end + 1).min(text.len());
        } else if tail.starts_with([' ', '\t']) {
            close(start, at, problem.take());
            start = at + SEPARATOR.len();
            let from = line_end - tail.trim_start().len();
            problem = Some(YamlProblem {
                kind: YamlProblemKind::Syntax,
                span: Span::new(file, from, from + content.len()),
                message: "only a comment may follow `---` on its line".into(),
                help: Some("move the text to the next line; Kubernetes rejects the whole file".into()),
                related: None,
            });
        } else {
            problem.get_or_insert_with(|| YamlProblem {
                kind: YamlProblemKind::Syntax,
                span: Span::new(file, at, at + SEPARATOR.len() + tail.trim_end().len()),
                message: "a line that starts with `---` separates documents, so only a comment may follow".into(),
                help: Some("indent the line if it belongs to a block scalar; Kubernetes rejects the whole file".into()),
                related: None,
            });
        }
    }
    close(start, text.len(), problem);
    chunks
}

/// The length of the byte order mark, if the text begins with one.
pub(super) fn start_of_text(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// The offsets of the lines that start with `---`.
fn separators(text: &str, start: usize) -> impl Iterator<Item = usize> {
    let first = text[start..].starts_with(SEPARATOR).then_some(start);
    first.into_iter().chain(text[start..].match_indices("\n---").map(move |(at, _)| start + at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn pieces(text: &str) -> Vec<(&str, bool)> {
        let file = Sources::default().add("f", "");
        split(file, text).iter().map(|chunk| (&text[chunk.span.range()], chunk.problem.is_some())).collect()
    }

    #[test]
    fn separators_are_at_the_start_of_a_line() {
        assert_eq!(pieces("a: 1\n---\nb: 2\n"), [("a: 1\n", false), ("b: 2\n", false)]);
        assert_eq!(pieces("---\na: 1\n---   # c\nb\n---"), [("a: 1\n", false), ("b\n", false)]);
        assert_eq!(pieces("a: 1\r\n---\r\nb: 2\r\n"), [("a: 1\r\n", false), ("b: 2\r\n", false)]);
        assert_eq!(pieces("\u{feff}---\na\n"), [("a\n", false)]);
        assert_eq!(pieces("a: |\n ---\n"), [("a: |\n ---\n", false)]);
        assert_eq!(pieces("a: |\n---\nb\n"), [("a: |\n", false), ("b\n", false)]);
        assert_eq!(pieces("# c\n---\n\n---\n"), [("# c\n", false)]);
        assert_eq!(pieces("a\n---\n---\n---\nb"), [("a\n", false), ("b", false)]);
        assert!(pieces("").is_empty() && pieces("---").is_empty() && pieces("--").len() == 1);
    }

    #[test]
    fn a_rejected_separator_does_not_end_the_reading() {
        assert_eq!(pieces("a\n--- {b: 1} \n---\nc\n"), [("a\n", false), (" {b: 1} \n", true), ("c\n", false)]);
        assert_eq!(pieces("a\n-----BEGIN\n---\nc"), [("a\n-----BEGIN\n", true), ("c", false)]);
        let file = Sources::default().add("f", "");
        let text = "a\n--- {b: 1} \r\n";
        let problem = split(file, text).remove(1).problem.unwrap();
        assert_eq!(&text[problem.span.range()], "{b: 1}");
    }
}
